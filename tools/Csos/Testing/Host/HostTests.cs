// The tests that run on the host: every project tests/**/*.Tests.csproj, through `dotnet test`, one project after the other.

using System.Diagnostics;
using System.Xml.Linq;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Testing.Host;

/// <summary>Runs host tests.</summary>
public static class HostTests
{
    private const string Configuration = "Debug";

    // Names a kernel for tests that look into one; without it they skip themselves.
    private const string KernelVariable = "CSOS_KERNEL_ELF";

    // Asks tests that have one for their long form.
    private const string SoakVariable = "CSOS_SOAK";

    /// <summary>The test projects there are.</summary>
    public static IReadOnlyList<string> Projects(ToolContext context) => [.. SourceFiles.Below(context.PathOf("tests"), "*.Tests.csproj")];

    /// <summary>The short name of a project: <c>Hosted</c> of <c>Hosted.Tests.csproj</c>.</summary>
    public static string NameOf(string project) => Path.GetFileName(project)[..^".Tests.csproj".Length];

    /// <summary>
    /// Those filters that can choose tests of a project; null if none can. A filter that names the whole project becomes the empty
    /// list. So a project is not even built when what is looked for stands in none of its sources.
    /// </summary>
    public static IReadOnlyList<string>? Relevant(string project, IReadOnlyCollection<string> filters)
    {
        string prefix = $"host/{NameOf(project)}/";
        if (filters.Count == 0 || filters.Any(filter => prefix.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            return [];
        }

        string sources = string.Concat(SourceFiles.Below(Path.GetDirectoryName(project)!).Select(File.ReadAllText));
        string[] relevant =
        [
            .. filters
                .Select(filter => filter.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? filter[prefix.Length..] : filter)
                .Where(filter => filter.Split('.', '(', ')').All(part => sources.Contains(part, StringComparison.OrdinalIgnoreCase)
                    || sources.Contains(part.Replace('-', '_'), StringComparison.OrdinalIgnoreCase))),
        ];
        return relevant.Length > 0 ? relevant : null;
    }

    /// <summary>Runs one project; <paramref name="soak"/> asks for the long form.</summary>
    /// <returns>Its results; a project that does not build, or whose runner dies, is a failed one.</returns>
    public static async Task<IReadOnlyList<TestResult>> RunAsync(
        ToolContext context, string project, IReadOnlyCollection<string> filters, bool soak)
    {
        string name = NameOf(project);
        string folder = Path.Combine(context.Artifacts, "test-results", name);
        string file = Path.Combine(folder, "results.trx");
        Directory.CreateDirectory(folder);
        File.Delete(file);
        Captured run = await DotnetTestAsync(context, project,
            ["--logger", $"trx;LogFileName={file}", "--results-directory", folder, .. Filter(filters)], soak);
        if (!File.Exists(file))
        {
            // With a filter that matches nothing there is no file, and nothing is wrong.
            if (run.ExitCode == 0 && filters.Count > 0)
            {
                return [];
            }

            await context.Error.WriteAsync(run.Everything);
            return [new TestResult(TestKind.Host, $"host/{name}", Outcome.Failed, [], "it does not build or run (messages above)")];
        }

        List<TestResult> results = [.. Read(project, file)];
        if (run.ExitCode != 0 && results.All(result => result.Outcome != Outcome.Failed))
        {
            await context.Error.WriteAsync(run.Everything);
            results.Add(new TestResult(TestKind.Host, $"host/{name}", Outcome.Failed, [], $"dotnet test ended with status {run.ExitCode}"));
        }

        return results;
    }

    /// <summary>The names of a project's tests, without running them.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(ToolContext context, string project)
    {
        Captured list = await DotnetTestAsync(context, project, ["--list-tests"]);
        if (list.ExitCode != 0)
        {
            await context.Error.WriteAsync(list.Everything);
            throw new CsosException($"{ToolContext.Shown(project)} does not build (messages above)");
        }

        return
        [
            .. list.Output.Split('\n')
                .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
                .Select(line => $"host/{NameOf(project)}/{line.Trim()}"),
        ];
    }

    private static IEnumerable<TestResult> Read(string project, string file)
    {
        RowTraits traits = RowTraits.OfFolder(Path.GetDirectoryName(project)!);
        foreach (TrxTest test in TrxFile.Read(XDocument.Load(file)))
        {
            yield return new TestResult(
                TestKind.Host, $"host/{NameOf(project)}/{test.DisplayName}", test.Outcome, traits.Of(test.Method), test.Message);
        }
    }

    private static Task<Captured> DotnetTestAsync(ToolContext context, string project, string[] arguments, bool soak = false)
    {
        Dictionary<string, string> environment = [];
        string kernel = new Variant("Checked").Kernel(context);
        if (File.Exists(kernel))
        {
            environment[KernelVariable] = kernel;
        }

        if (soak)
        {
            environment[SoakVariable] = "1";
        }

        return Captured.RunAsync(
            ImageBuilder.Dotnet(context),
            ["test", project, "-c", Configuration, "--nologo", "-v:q", "-m:1", "-nodeReuse:false", .. arguments],
            context.Root,
            context.Cancellation.Token,
            environment: environment);
    }

    private static string[] Filter(IReadOnlyCollection<string> filters)
    {
        if (filters.Count == 0)
        {
            return [];
        }

        IEnumerable<string> terms = filters.Select(Escape)
            .Select(filter => $"FullyQualifiedName~{filter}|DisplayName~{filter}|Row={filter}");
        return ["--filter", string.Join('|', terms)];
    }

    private static string Escape(string text) =>
        string.Concat(text.Select(letter => "\\()&|=!~".Contains(letter) ? $"\\{letter}" : $"{letter}"));
}
