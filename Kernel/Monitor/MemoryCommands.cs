// MemoryCommands: meminfo: zones, slab caches, totals. Process context.

namespace CSharpOS.Monitoring;

internal static unsafe class MemoryCommands
{
    public static void Register() => Monitor.Register("meminfo"u8, ""u8, "memory: totals, zones, slab caches"u8, &Meminfo);

    private static int Meminfo(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        MemInfo info = MemInfo.Get();
        MonitorOutput.Write($"total   {info.Total >> 10,10} KB, managed {info.Managed >> 10} KB\n");
        MonitorOutput.Write($"free    {info.Free >> 10,10} KB\n");
        MonitorOutput.Write($"slab    {info.Slab >> 10,10} KB\n");
        MonitorOutput.Write($"vmalloc {info.VmallocUsed >> 10,10} KB, mapped devices {info.IoremapUsed >> 10} KB\n");
        ShowZone("DMA"u8, in info.Dma);
        ShowZone("DMA32"u8, in info.Dma32);
        ShowZone("Normal"u8, in info.Normal);
        MonitorOutput.Write($"cache                objects    in use  bytes each   pages\n");
        for (int i = 0; Slab.GetInfo(i, out SlabInfo cache); i++)
        {
            if (cache.Pages != 0)
            {
                MonitorOutput.Write($"{cache.Name,-18} {cache.TotalObjects,9} {cache.ActiveObjects,9} "
                    + $"{cache.ObjectSize,11} {cache.Pages,7}\n");
            }
        }

        if (MemoryReport.AllocationFailures != 0 || MemoryReport.Count != 0)
        {
            MonitorOutput.Write($"{MemoryReport.AllocationFailures} requests failed, {MemoryReport.Count} misuses reported\n");
        }

        return 0;
    }

    private static void ShowZone(ReadOnlySpan<byte> name, in ZoneInfo zone)
    {
        if (zone.Managed != 0)
        {
            MonitorOutput.Write($"zone {name,-6} {zone.Free >> 10,7} KB free of {zone.Managed >> 10}, reserve {zone.Minimum >> 10}\n");
        }
    }
}
