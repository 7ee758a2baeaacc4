// The options that say which kernel and which machine: shared by run, debug and iso.

using System.CommandLine;
using System.CommandLine.Parsing;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Commands;

/// <summary>Options for the kernel's build.</summary>
public sealed class VariantOptions
{
    private readonly Option<string> _configuration;
    private readonly Option<bool> _up = new("--up") { Description = "the build for one CPU" };
    private readonly Option<bool> _noPreempt = new("--no-preempt") { Description = "the build without kernel preemption" };
    private readonly Option<bool> _noBuild = new("--no-build") { Description = "take the image as it is" };

    /// <summary>Adds them to a command.</summary>
    public VariantOptions(Command command, string configuration)
    {
        string standard = configuration.ToLowerInvariant();
        _configuration = Choice("--configuration", "-c", "debug, checked or release", standard, Images.Variant.Configurations);
        command.Add(_configuration);
        command.Add(_up);
        command.Add(_noPreempt);
        command.Add(_noBuild);
    }

    /// <summary>The kernel build asked for.</summary>
    public Variant Variant(ParseResult result)
    {
        string name = result.GetValue(_configuration)!;
        string configuration = Images.Variant.Configurations.First(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return new Variant(configuration, Smp: !result.GetValue(_up), Preempt: !result.GetValue(_noPreempt));
    }

    /// <summary>Builds it unless told not to; either way the image is there afterwards.</summary>
    public async Task<Variant> ProvideAsync(ToolContext context, ParseResult result)
    {
        Variant variant = Variant(result);
        if (result.GetValue(_noBuild))
        {
            ImageBuilder.Require(context, variant.Kernel(context));
        }
        else
        {
            await context.Error.WriteLineAsync($"Building {variant} ...");
            await ImageBuilder.BuildAsync(context, variant);
        }

        return variant;
    }

    /// <summary>An option with a fixed set of values; a wrong one is refused with the list.</summary>
    internal static Option<string> Choice(string name, string? alias, string description, string standard, string[] values)
    {
        Option<string> option = new(name, alias == null ? [] : [alias])
        {
            Description = $"{description} (default {standard})",
            DefaultValueFactory = _ => standard,
        };
        option.Validators.Add(result =>
        {
            string value = result.Tokens.Count > 0 ? result.Tokens[0].Value : standard;
            if (!values.Contains(value, StringComparer.OrdinalIgnoreCase))
            {
                result.AddError($"bad {name[2..]} '{value}': {string.Join(", ", values).ToLowerInvariant()}");
            }
        });
        return option;
    }
}

/// <summary>Options for the machine to boot on.</summary>
public sealed class MachineOptions
{
    private readonly Option<int> _cpus = new("--cpus")
    {
        Description = "number of CPUs, 1 to 16 (default 1)",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<string> _memory = new("--memory", "-m")
    {
        Description = "memory, such as 16M or 4G (default 128M)",
        DefaultValueFactory = _ => "128M",
    };

    private readonly Option<string> _machine = VariantOptions.Choice("--machine", null, "pc or q35", "pc", Emulators.Machine.Types);

    private readonly Option<string> _cpu = new("--cpu")
    {
        Description = "QEMU's CPU model (default qemu64)",
        DefaultValueFactory = _ => "qemu64",
    };

    private readonly Option<string> _append = new("--append") { Description = "the kernel command line", DefaultValueFactory = _ => "" };
    private readonly Option<string[]> _initrd = new("--initrd")
    {
        Description = "an archive (cpio -H newc) to unpack over that of the image; may be given several times",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _add = new("--add")
    {
        Description = "a program of yours to put into /bin, or FILE=/NAME/IN/THE/MACHINE; may be given several times",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _iso = new("--iso") { Description = "boot the ISO through GRUB, not with -kernel" };
    private readonly Option<bool> _uefi = new("--uefi") { Description = "boot the ISO under the UEFI firmware" };

    /// <summary>Adds them to a command.</summary>
    public MachineOptions(Command command)
    {
        _cpus.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out int cpus) && cpus is >= 1 and <= 16))
            {
                result.AddError($"bad number of CPUs '{result.Tokens[0].Value}': 1 to 16");
            }
        });
        foreach (Option option in (ReadOnlySpan<Option>)[_cpus, _memory, _machine, _cpu, _append, _initrd, _add, _iso, _uefi])
        {
            command.Add(option);
        }
    }

    /// <summary>The machine asked for.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="workspace">Where the archive is made that the kernel gets.</param>
    public Machine Machine(ParseResult result, Workspace workspace)
    {
        string memory = result.GetValue(_memory)!;
        Qemu.ParseMemory(memory);
        return new Machine
        {
            Type = result.GetValue(_machine)!.ToLowerInvariant(),
            Cpu = result.GetValue(_cpu)!,
            Cpus = result.GetValue(_cpus),
            Memory = memory,
            Append = result.GetValue(_append)!,
            Initrd = Initrd.Make(result.GetValue(_initrd)!, result.GetValue(_add)!, workspace),
            Method = result.GetValue(_uefi) ? BootMethod.UefiIso : result.GetValue(_iso) ? BootMethod.BiosIso : BootMethod.Kernel,
        };
    }
}
