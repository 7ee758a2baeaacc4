// A short-lived folder for sockets and media of one emulator: socket paths must be short, so it is below the system's
// temporary folder, not below artifacts.

namespace CSharpOS.Tool.Emulators;

/// <summary>A temporary folder that disappears.</summary>
public sealed class Workspace : IDisposable
{
    /// <summary>Makes it.</summary>
    public Workspace()
    {
        Folder = Directory.CreateTempSubdirectory("csos-").FullName;
    }

    /// <summary>Its path.</summary>
    public string Folder { get; }

    /// <summary>A path in it.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Removes it with all that is in it.</summary>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
