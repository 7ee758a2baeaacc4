// The logs of one boot or scenario, below artifacts/test-logs. They are removed when all went well.

namespace CSharpOS.Tool.Testing;

/// <summary>A folder for logs.</summary>
public sealed class LogFolder
{
    /// <summary>Makes it, empty.</summary>
    public LogFolder(ToolContext context, string name)
    {
        Path = System.IO.Path.Combine(context.Artifacts, "test-logs", name);
        Remove();
        Directory.CreateDirectory(Path);
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>A path in it.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file.</summary>
    public void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    /// <summary>Removes it.</summary>
    public void Remove()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
