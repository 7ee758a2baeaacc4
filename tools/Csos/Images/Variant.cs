// One of the kernel builds: a configuration, for one CPU or many, with or without kernel preemption, with or without interrupt stacks, at some HZ.
// The names are those that tools/CSharpOS.Build gives the folders.

namespace CSharpOS.Tool.Images;

/// <summary>A kernel build and the name of its folder under artifacts/image.</summary>
/// <param name="Configuration">Debug, Checked or Release.</param>
/// <param name="Smp">Built for many CPUs.</param>
/// <param name="Preempt">Built with kernel preemption.</param>
/// <param name="IrqStacks">Interrupts run on a stack of their own; else on the interrupted task's.</param>
/// <param name="Hz">Ticks per second.</param>
public sealed record Variant(string Configuration, bool Smp = true, bool Preempt = true, bool IrqStacks = true, int Hz = Variant.UsualHz)
{
    /// <summary>The ticks per second of a build that does not say it.</summary>
    public const int UsualHz = 250;

    /// <summary>The configurations there are.</summary>
    public static readonly string[] Configurations = ["Debug", "Checked", "Release"];

    /// <summary>The name of its folder: <c>checked</c>, <c>checked-up</c>, <c>checked-up-nopreempt</c> ...</summary>
    public string Name =>
        Configuration.ToLowerInvariant() + (Smp ? "" : "-up") + (Preempt ? "" : "-nopreempt") + (IrqStacks ? "" : "-noirqstacks") +
        (Hz == UsualHz ? "" : $"-hz{Hz}");

    /// <summary>The arguments for <c>dotnet build</c> that choose it.</summary>
    public IEnumerable<string> BuildArguments
    {
        get
        {
            yield return "-c";
            yield return Configuration;
            if (!Smp)
            {
                yield return "-p:Smp=false";
            }

            if (!Preempt)
            {
                yield return "-p:Preempt=false";
            }

            if (!IrqStacks)
            {
                yield return "-p:IrqStacks=false";
            }

            if (Hz != UsualHz)
            {
                yield return $"-p:Hz={Hz}";
            }
        }
    }

    /// <summary>The folder of its images.</summary>
    public string Folder(ToolContext context) => Path.Combine(context.Artifacts, "image", Name);

    /// <summary>The bootable kernel.</summary>
    public string Kernel(ToolContext context) => Path.Combine(Folder(context), "csharpos.elf");

    /// <summary>The kernel with the test suites in it.</summary>
    public string TestKernel(ToolContext context) => Path.Combine(Folder(context), "csharpos-test.elf");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
