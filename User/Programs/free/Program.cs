// free: memory, in kilobytes.

if (args.Length > 0)
{
    return Usage("free");
}

byte[] text = new byte[4096];
int length = ReadFile("/proc/meminfo", text);
if (length < 0)
{
    return Perror("free", "/proc/meminfo");
}

ulong total = Field("MemTotal:"u8);
ulong free = Field("MemFree:"u8);
ulong cached = Field("Buffers:"u8) + Field("Cached:"u8);
Console.WriteLine("             total       used       free     cached"u8);
Console.WriteLine($"Mem:    {total,10} {total - free - cached,10} {free,10} {cached,10}");
return 0;

ulong Field(ReadOnlySpan<byte> name)
{
    ReadOnlySpan<byte> rest = text.AsSpan(0, length);
    while (rest.Length > 0)
    {
        if (rest.StartsWith(name))
        {
            rest = rest.Slice(name.Length);
            return Number.Take(ref rest);
        }

        int end = rest.IndexOf((byte)'\n');
        rest = end < 0 ? default : rest.Slice(end + 1);
    }

    return 0;
}
