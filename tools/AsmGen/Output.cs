// Output: writes a file only if its content changes.

namespace CSharpOS.AsmGen;

internal static class Output
{
    internal static void Write(string path, string content)
    {
        if (File.Exists(path) && File.ReadAllText(path) == content)
        {
            return;
        }

        File.WriteAllText(path, content);
    }
}
