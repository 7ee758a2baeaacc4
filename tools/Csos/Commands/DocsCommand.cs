// ./csos docs: makes docs/map.md; with --check it only says whether the page is up to date.

using System.CommandLine;
using CSharpOS.Tool.Docs;
using CSharpOS.Tool.Testing.Reports;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>docs</c>.</summary>
public static class DocsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("docs", "Make docs/map.md from the XML documentation of the kernel.");
        Option<bool> check = new("--check") { Description = "write nothing; fail when the page is out of date" };
        command.Add(check);
        command.SetAction(async (result, _) =>
        {
            string page = MapPage.PathIn(context.Root);
            string text = MapPage.Of(context.Root, Specification.Load(context));
            string shown = Path.GetRelativePath(context.Root, page);
            bool current = File.Exists(page) && await File.ReadAllTextAsync(page) == text;
            if (result.GetValue(check))
            {
                return current ? ExitCodes.Success : throw new CsosException($"{shown} is out of date: run ./csos docs");
            }

            if (!current)
            {
                await File.WriteAllTextAsync(page, text);
            }

            await context.Output.WriteLineAsync($"{shown}: {(current ? "was up to date" : "written")}");
            return ExitCodes.Success;
        });
        return command;
    }
}
