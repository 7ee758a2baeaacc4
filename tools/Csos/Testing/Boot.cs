// One boot of the test matrix.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing;

/// <summary>A kernel build on a machine.</summary>
/// <param name="Variant">The kernel's build.</param>
/// <param name="Machine">The machine, and how the kernel gets into it.</param>
/// <param name="Suites">The suites to run, or none for all.</param>
/// <param name="IsOptional">Skipped where its emulator is not installed.</param>
public sealed record Boot(Variant Variant, Machine Machine, IReadOnlyList<string> Suites, bool IsOptional = false)
{
    /// <summary>Its name: every value that the matrix varies, so that it can be read and filtered.</summary>
    public string Name
    {
        get
        {
            List<string> parts = [Variant.Name, MethodName(Machine.Method)];
            if (Machine.Method != BootMethod.Bochs)
            {
                parts.AddRange([Machine.Type, Machine.Cpu]);
            }

            parts.Add(Machine.Memory);
            if (Machine.Cpus > 1)
            {
                parts.Add($"{Machine.Cpus}cpus");
            }

            if (Machine.Icount)
            {
                parts.Add("icount");
            }

            if (Machine.Append.Length > 0)
            {
                parts.Add(Machine.Append.Replace(' ', '+'));
            }

            return string.Join('.', parts);
        }
    }

    /// <summary>The kernel command line: the matrix's words, and which suites to run.</summary>
    public string CommandLine(bool soak)
    {
        string test = Suites.Count == 0 ? "test" : "test=" + string.Join(',', Suites);
        return string.Join(' ', new[] { Machine.Append, test, soak ? "soak" : "" }.Where(word => word.Length > 0));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string MethodName(BootMethod method) => method switch
    {
        BootMethod.Kernel => "kernel",
        BootMethod.BiosIso => "bios",
        BootMethod.UefiIso => "uefi",
        _ => "bochs",
    };
}
