// ImageTool: what happens to the kernel's object files and image besides compiling and linking them.
//   patch   replaces calls of the one-instruction assembly helpers by the instruction, and checks the vector registers in use (before linking)
//   tables  makes the tables for call traces from a linked image: symbols, lines, unwind rows (between two links)
//   verify  checks that the tables in a finished image match it
//   initramfs  packs the user programs and the files beside them as the archive that every image carries
//   initramfs-add  appends modules to that archive
//   exports  makes the table of the names that a loadable module may refer to (between the two links)
//   syscall-header  writes the numbers of system calls for programs in C
// Every error is one line on standard error; exit code 1 for a bad input file, 2 for a bad command line.

using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using CSharpOS.ImageTool.Exports;
using CSharpOS.ImageTool.Initramfs;
using CSharpOS.ImageTool.Patching;
using CSharpOS.ImageTool.Tables;

namespace CSharpOS.ImageTool;

/// <summary>The command line.</summary>
public static class Program
{
    private const ulong DefaultTextBase = 0xffffffff80000000;

    /// <summary>Runs one command.</summary>
    /// <returns>0, 1 for an error in the files, 2 for an error in the arguments.</returns>
    public static int Main(string[] args)
    {
        RootCommand root = new("Post-processing of the CSharpOS kernel's object files and image.")
        {
            PatchCommand(),
            TablesCommand(),
            VerifyCommand(),
            InitramfsCommand(),
            InitramfsAddCommand(),
            ExportsCommand(),
            SyscallHeaderCommand(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count != 0)
        {
            Console.Error.WriteLine($"ImageTool: {parsed.Errors[0].Message} (try --help)");
            return 2;
        }

        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static Command PatchCommand()
    {
        Argument<string> input = new("IN.o") { Description = "The object file that ilc wrote." };
        Argument<string> output = new("OUT.o") { Description = "The patched object file; may be the same file." };
        Option<string?> report = new("--report") { Description = "Writes the count of replaced calls per helper.", HelpName = "FILE" };
        Command command = new("patch", "Replaces calls of one-instruction assembly helpers by the instruction.") { input, output, report };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(input),
            path => CallSitePatcher.Run(path, parsed.GetRequiredValue(output), parsed.GetValue(report))));
        return command;
    }

    private static Command TablesCommand()
    {
        Argument<string> input = new("KERNEL.elf") { Description = "The linked image." };
        Argument<string> output = new("OUT.bin") { Description = "The tables, to be linked in at the image's end." };
        Option<string?> root = new("--root") { Description = "File names are made relative to this directory.", HelpName = "DIR" };
        Option<string[]> assemblies = new("--assembly")
        {
            Description = "An assembly in the image; repeat it for each one, the kernel's first.",
            HelpName = "NAME",
            DefaultValueFactory = _ => ["Kernel"],
        };
        Option<string> textBase = new("--text-base")
        {
            Description = "What the tables' addresses are counted from.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => $"0x{DefaultTextBase:x}",
        };
        textBase.Validators.Add(result =>
        {
            if (!TryParseAddress(result.Tokens.Count != 0 ? result.Tokens[0].Value : "0", out _))
            {
                result.AddError($"--text-base: '{result.Tokens[0].Value}' is not an address.");
            }
        });
        Option<bool> verbose = new("--verbose") { Description = "Says how much there is." };
        Command command = new("tables", "Makes the tables for call traces: symbols, lines, unwind rows.")
        {
            input, output, root, assemblies, textBase, verbose,
        };
        command.SetAction(parsed =>
        {
            TryParseAddress(parsed.GetRequiredValue(textBase), out ulong address);
            TableOptions options = new(address, parsed.GetValue(root), parsed.GetRequiredValue(assemblies));
            return Guard(
                parsed.GetRequiredValue(input),
                path => TablesCommands.WriteTables(path, parsed.GetRequiredValue(output), options, parsed.GetValue(verbose)));
        });
        return command;
    }

    private static Command VerifyCommand()
    {
        Argument<string> input = new("KERNEL.elf") { Description = "The finished image." };
        Option<bool> verbose = new("--verbose") { Description = "Says how much was compared." };
        Command command = new("verify", "Checks that the tables in a finished image match it.") { input, verbose };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(input), path => TablesCommands.VerifyImage(path, parsed.GetValue(verbose))));
        return command;
    }

    private static Command InitramfsCommand()
    {
        Argument<string> output = new("OUT.cpio") { Description = "The archive." };
        Argument<string[]> programs = new("PROGRAM") { Description = "An executable for /bin." };
        Option<string> root = new("--root") { Description = "A directory whose files go in.", HelpName = "DIR", Required = true };
        Command command = new("initramfs", "Packs user programs and files as a cpio archive.") { output, programs, root };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(output),
            path => InitramfsBuilder.Run(parsed.GetRequiredValue(root), parsed.GetRequiredValue(programs), path)));
        return command;
    }

    private static Command InitramfsAddCommand()
    {
        Argument<string> input = new("IN.cpio") { Description = "The archive." };
        Argument<string> output = new("OUT.cpio") { Description = "The archive with the modules." };
        Argument<string[]> modules = new("MODULE.ko") { Description = "A module for /lib/modules." };
        Command command = new("initramfs-add", "Appends modules to an archive.") { input, output, modules };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(input),
            path => InitramfsBuilder.AddModules(path, parsed.GetRequiredValue(output), parsed.GetRequiredValue(modules))));
        return command;
    }

    private static Command ExportsCommand()
    {
        Argument<string> input = new("KERNEL.elf") { Description = "The linked image." };
        Argument<string> output = new("OUT.bin") { Description = "The table, to be linked in at the image's end." };
        Option<string[]> assemblies = new("--assembly")
        {
            Description = "An assembly in the image; repeat it for each one, the kernel's first.",
            HelpName = "NAME",
            DefaultValueFactory = _ => ["Kernel"],
        };
        Command command = new("exports", "Makes the table of the names that a module may refer to.") { input, output, assemblies };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(input),
            path => ExportTable.Run(path, parsed.GetRequiredValue(output), parsed.GetRequiredValue(assemblies))));
        return command;
    }

    private static Command SyscallHeaderCommand()
    {
        Argument<string> list = new("SYSCALLS.tbl") { Description = "The list of system calls." };
        Argument<string> output = new("OUT.h") { Description = "The header." };
        Command command = new("syscall-header", "Writes the numbers of system calls for programs in C.") { list, output };
        command.SetAction(parsed => Guard(
            parsed.GetRequiredValue(list), path => SyscallHeader.Run(path, parsed.GetRequiredValue(output))));
        return command;
    }

    // Hexadecimal with 0x, or decimal.
    private static bool TryParseAddress(string text, out ulong address)
        => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out address);

    // Whatever a bad file or path can raise becomes one line.
    private static int Guard(string path, Func<string, int> action)
    {
        try
        {
            return action(path);
        }
        catch (ImageFormatException e)
        {
            Console.Error.WriteLine($"ImageTool: {path}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"ImageTool: {e.Message}");
        }

        return 1;
    }
}
