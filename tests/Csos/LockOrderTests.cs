// docs/locking.md against the sources: the order of all locks names every lock that there is.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Tests;

public sealed partial class LockOrderTests
{
    [Fact]
    public void The_lock_order_names_every_spinning_lock()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "locking.md"));
        string order = page[page.IndexOf("## The order of all locks", StringComparison.Ordinal)..];
        List<string> locks = [.. Folders().SelectMany(Sources).SelectMany(LocksOf)];

        Assert.InRange(locks.Count, 20, 1000);
        Assert.DoesNotContain(locks, name => !order.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public void A_lock_is_found_by_its_type_and_name()
    {
        string[] found = [.. LocksOf("public struct A\n{\n    internal SpinLock Lock;\n}\nclass B\n{\n    private static RwLock s_lock;\n    // SpinLock Other;\n}\n")];

        Assert.Equal(["A.Lock", "B.s_lock"], found);
    }

    private static IEnumerable<string> Folders() => ["Kernel", "Drivers"];

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("Kernel/Locking/", StringComparison.Ordinal))
            .Select(File.ReadAllText);

    private static IEnumerable<string> LocksOf(string source)
    {
        string type = "";
        foreach (string line in source.Split('\n'))
        {
            if (TypePattern().Match(line) is { Success: true } declaration)
            {
                type = declaration.Groups[1].Value;
            }
            else if (LockPattern().Match(line) is { Success: true } field)
            {
                yield return $"{type}.{field.Groups[1].Value}";
            }
        }
    }

    [GeneratedRegex(@"^\s*(?:[a-z]+ )*(?:class|struct) (\w+)")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"^\s*(?:[a-z]+ )+(?:SpinLock|RwLock|SeqLock) (\w+);")]
    private static partial Regex LockPattern();
}
