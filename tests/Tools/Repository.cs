// Where the sources are: some tests compare what the tools do with what the kernel's files say.

using System;
using System.IO;

namespace CSharpOS.Tools.Tests;

internal static class Repository
{
    /// <summary>The root of the checkout that these tests were built in.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "global.json")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new InvalidOperationException("these tests run inside the checkout");
    }
}
