// A program of another architecture from Debian's archive: fetched by name and unpacked below artifacts, once. The system is not touched: apt-get keeps the lists of
// the foreign architecture in a folder of ours, nothing is registered or installed, and nobody has to be root.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Processes;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Testing;

/// <summary>Fetches packages.</summary>
public static class ForeignPackage
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    /// <summary>A file of a package.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="package">The package's name.</param>
    /// <param name="architecture">Debian's name of the architecture.</param>
    /// <param name="file">The file, relative to the root.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="ScenarioSkippedException">It cannot be had here, and why.</exception>
    public static async Task<string> FileAsync(ToolContext context, string package, string architecture, string file)
    {
        string folder = Path.Combine(context.Artifacts, "packages", $"{package}.{architecture}");
        string wanted = Path.Combine(folder, file);
        if (File.Exists(wanted))
        {
            return wanted;
        }

        foreach (string tool in (ReadOnlySpan<string>)["apt-get", "dpkg-deb"])
        {
            if (Qemu.FindProgram(context, tool) == null)
            {
                throw new ScenarioSkippedException($"no {tool} here to fetch {package}:{architecture}");
            }
        }

        string fetched = folder + ".new";
        string lists = Path.Combine(context.Artifacts, "packages", $"apt.{architecture}");
        Directory.CreateDirectory(fetched);
        Directory.CreateDirectory(Path.Combine(lists, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(lists, "cache", "archives", "partial"));
        string[] options =
        [
            "-q", "-o", $"APT::Architecture={architecture}", "-o", $"APT::Architectures={architecture}", "-o", "APT::Sandbox::User=root",
            "-o", $"Dir::State::lists={lists}/lists", "-o", $"Dir::Cache={lists}/cache", "-o", "Acquire::Languages=none",
            "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20",
        ];
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation.Token);
        limit.CancelAfter(s_patience);
        try
        {
            // Lists that do not come are noticed by the download.
            await Captured.RunAsync("apt-get", [.. options, "update"], fetched, limit.Token);
            Captured download = await Captured.RunAsync("apt-get", [.. options, "download", package], fetched, limit.Token);
            string? archive = Directory.EnumerateFiles(fetched, "*.deb").FirstOrDefault();
            if (download.ExitCode != 0 || archive == null)
            {
                string said = download.Everything.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.StartsWith("E:", StringComparison.Ordinal)) ?? "";
                throw new ScenarioSkippedException($"cannot fetch {package}:{architecture}: {said}");
            }

            Captured unpacked = await Captured.RunAsync("dpkg-deb", ["-x", archive, fetched], fetched, limit.Token);
            if (unpacked.ExitCode != 0 || !File.Exists(Path.Combine(fetched, file)))
            {
                throw new ScenarioSkippedException($"{package}:{architecture} has no {file}");
            }

            File.Delete(archive);
        }
        catch (OperationCanceledException) when (!context.Cancellation.IsCancellationRequested)
        {
            throw new ScenarioSkippedException($"{package}:{architecture} did not come in {s_patience.TotalMinutes:0} minutes");
        }
        finally
        {
            if (!File.Exists(Path.Combine(fetched, file)))
            {
                Directory.Delete(fetched, recursive: true);
            }
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.Move(fetched, folder);
        return wanted;
    }
}
