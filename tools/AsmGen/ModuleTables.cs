// ModuleTables: what a loadable module says of itself: its init and exit functions in the format of Tables, and .modinfo: KEY=VALUE texts, each ended by a
// zero, as in Linux. The version magic is the build identifier of the kernel that the module was compiled against.

using System.Globalization;
using System.Text;

namespace CSharpOS.AsmGen;

internal static class ModuleTables
{
    internal static string Generate(string kernel, string module, string name, string[] information)
    {
        var inits = new List<(int Level, string Module, string Init, string? Exit)>();
        Tables.Scan(module, inits, []);
        if (inits.Count == 0)
        {
            throw new InvalidDataException($"{module}: a module needs a function with [ModuleInit]");
        }

        var text = new StringBuilder("; Generated from the attributes of the module. Do not edit.\n\n");
        foreach (string symbol in inits.SelectMany(i => new[] { i.Init, i.Exit }).OfType<string>().Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"extern {symbol}\n");
        }

        text.Append("\n        section .initcalls progbits alloc noexec nowrite align=8\n");
        foreach (var (level, _, init, exit) in inits.OrderBy(i => i.Level))
        {
            text.Append(CultureInfo.InvariantCulture, $"        dq {level}, {init}, {exit ?? "0"}, module_name, {name.Length}\n");
        }

        text.Append("\n        section .rodata\n");
        text.Append(CultureInfo.InvariantCulture, $"module_name: db '{name}', 0\n");
        text.Append("\n        section .modinfo progbits noalloc noexec nowrite align=1\n");
        foreach (string entry in information.Prepend($"vermagic={Tables.Identifier(kernel)}").Prepend($"name={name}"))
        {
            text.Append(CultureInfo.InvariantCulture, $"        db {string.Join(", ", Encoding.UTF8.GetBytes(entry))}, 0\n");
        }

        text.Append("\n        section .note.GNU-stack noalloc noexec nowrite progbits\n");
        return text.ToString();
    }
}
