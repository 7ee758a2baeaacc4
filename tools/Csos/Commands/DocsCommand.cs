// ./csos docs: makes the pages that are made from sources; with --check it only says whether they are up to date.

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
        Command command = new("docs", "Make docs/map.md and docs/system-call-table.md from the sources.");
        Option<bool> check = new("--check") { Description = "write nothing; fail when a page is out of date" };
        command.Add(check);
        command.SetAction(async (result, _) =>
        {
            (string Page, string Text)[] pages =
            [
                (MapPage.PathIn(context.Root), MapPage.Of(context.Root, Specification.Load(context))),
                (SyscallPage.PathIn(context.Root), SyscallPage.Of(context.Root)),
            ];
            foreach ((string page, string text) in pages)
            {
                string shown = Path.GetRelativePath(context.Root, page);
                bool current = File.Exists(page) && await File.ReadAllTextAsync(page) == text;
                if (result.GetValue(check))
                {
                    if (!current)
                    {
                        throw new CsosException($"{shown} is out of date: run ./csos docs");
                    }

                    continue;
                }

                if (!current)
                {
                    await File.WriteAllTextAsync(page, text);
                }

                await context.Output.WriteLineAsync($"{shown}: {(current ? "was up to date" : "written")}");
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
