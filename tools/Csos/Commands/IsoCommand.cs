// ./csos iso: the hybrid ISO for BIOS and UEFI, and a machine description for VMware beside it.

using System.CommandLine;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>iso</c>.</summary>
public static class IsoCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("iso", "Make one ISO that boots under BIOS and UEFI, and a .vmx file for VMware beside it.");
        VariantOptions options = new(command, "Checked");
        Option<string> append = new("--append") { Description = "the kernel command line", DefaultValueFactory = _ => "" };
        command.Add(append);
        command.SetAction(async (result, _) =>
        {
            Variant variant = await options.ProvideAsync(context, result);
            string iso = Path.Combine(variant.Folder(context), "csharpos.iso");
            await IsoBuilder.BuildAsync(context, variant.Kernel(context), result.GetValue(append)!, iso);
            string vmx = Path.ChangeExtension(iso, ".vmx");
            await File.WriteAllTextAsync(vmx, VmxFile.Text(Path.GetFileName(iso)));
            await context.Output.WriteLineAsync(ToolContext.Shown(iso));
            await context.Output.WriteLineAsync(ToolContext.Shown(vmx));
            return ExitCodes.Success;
        });
        return command;
    }
}
