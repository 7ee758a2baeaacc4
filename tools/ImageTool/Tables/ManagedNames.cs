// Makes ilc's mangled names readable: Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item becomes PerCpu<byte>.Item.get.
//
// ilc replaces every character that is not a letter or digit by an underscore, and joins assembly, namespace, outer types and type with one
// underscore, type and method with two, type arguments with two inside < and >. Overloads get _0, _1 ... in order of appearance. That
// cannot be undone from the text alone, so .debug_info helps: it has each method's true name and the list of all types. A type whose name
// continues the name of another type is nested in it; of any other type the last part is the name, what is before it the namespace.
// Names without an entry in .debug_info (stubs that the compiler makes, assembly) are taken apart as well as the text allows.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using CSharpOS.ImageTool.Dwarf;

namespace CSharpOS.ImageTool.Tables;

/// <summary>A readable name and its assembly: an index into the list of assemblies, 0 also for names that are not C#.</summary>
public readonly record struct ReadableName(string Name, int Assembly, bool IsManaged);

/// <summary>The translation from mangled to readable names of one image.</summary>
public sealed class ManagedNames
{
    private const string SharedCode = "System___Canon";

    private static readonly Dictionary<string, string> s_keywords = new(StringComparer.Ordinal)
    {
        ["Object"] = "object", ["String"] = "string", ["Bool"] = "bool", ["Boolean"] = "bool", ["Char"] = "char", ["Int8"] = "sbyte",
        ["UInt8"] = "byte", ["Int16"] = "short", ["UInt16"] = "ushort", ["Int32"] = "int", ["UInt32"] = "uint", ["Int64"] = "long",
        ["UInt64"] = "ulong", ["IntPtr"] = "nint", ["UIntPtr"] = "nuint", ["Single"] = "float", ["Double"] = "double", ["Void"] = "void",
        [SharedCode] = "__Canon",
    };

    private readonly IReadOnlyDictionary<string, DebugMethod> _methods;
    private readonly HashSet<string> _openTypes = new(StringComparer.Ordinal);
    private readonly List<string> _prefixes = [];

    /// <summary>Prepares for the names of one image.</summary>
    /// <param name="debug">What .debug_info says.</param>
    /// <param name="assemblies">The assemblies' names, the kernel's first.</param>
    public ManagedNames(DebugNames debug, IReadOnlyList<string> assemblies)
    {
        _methods = debug.Methods;
        foreach (string assembly in assemblies)
        {
            _prefixes.Add(Mangle(assembly) + "_");
        }

        foreach (string type in debug.Types)
        {
            _openTypes.Add(Open(type));
        }
    }

    /// <summary>The readable form of a symbol's name.</summary>
    public ReadableName Read(string symbol)
    {
        if (_methods.TryGetValue(symbol, out DebugMethod method))
        {
            string arguments = symbol.StartsWith(method.Type + "__", StringComparison.Ordinal)
                ? MethodArguments(symbol[(method.Type.Length + 2)..])
                : "";
            return new ReadableName($"{TypeName(method.Type)}.{MemberName(method.Name)}{arguments}", AssemblyOf(method.Type), true);
        }

        int assembly = AssemblyOf(symbol, out int length);
        int split = FindSplit(symbol, length);
        bool managed = split > 0 && (length != 0 || s_keywords.ContainsKey(symbol[..split]));
        if (!managed)
        {
            return new ReadableName(symbol, 0, false);
        }

        string member = symbol[(split + 2)..];
        int generic = member.IndexOf('<', StringComparison.Ordinal);
        string bare = member == "_ctor" ? ".ctor" : generic > 0 ? member[..generic] : member;
        return new ReadableName($"{TypeName(symbol[..split])}.{MemberName(bare)}{MethodArguments(member)}", assembly, true);
    }

    /// <summary>The short name that call traces show for an assembly: rtc for CSharpOS.Drivers.Rtc, nothing for the kernel's.</summary>
    public static string ModuleName(IReadOnlyList<string> assemblies, int index)
        => index == 0 ? "" : assemblies[index][(assemblies[index].LastIndexOf('.') + 1)..].ToLower(CultureInfo.InvariantCulture);

    // CSharpOS.Drivers.Rtc is mangled to CSharpOS_Drivers_Rtc.
    private static string Mangle(string name)
    {
        StringBuilder mangled = new(name);
        for (int i = 0; i < mangled.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(mangled[i]))
            {
                mangled[i] = '_';
            }
        }

        return mangled.ToString();
    }

    // The type without its arguments: X_PerCpu_1_Enumerator<Int32> gives X_PerCpu_1_Enumerator.
    private static string Open(string type)
    {
        int at = type.IndexOf('<', StringComparison.Ordinal);
        return at <= 0 ? type : type[..at];
    }

    private int AssemblyOf(string name) => AssemblyOf(name, out _);

    // The longest prefix wins: Kernel and Kernel_Suites may both be assemblies.
    private int AssemblyOf(string name, out int length)
    {
        int assembly = 0;
        length = 0;
        for (int i = 0; i < _prefixes.Count; i++)
        {
            if (_prefixes[i].Length > length && name.StartsWith(_prefixes[i], StringComparison.Ordinal))
            {
                assembly = i;
                length = _prefixes[i].Length;
            }
        }

        return assembly;
    }

    // Where the type ends: the first "__" behind the assembly that is not inside type arguments.
    private static int FindSplit(string symbol, int from)
    {
        int depth = 0;
        for (int i = from; i + 2 < symbol.Length; i++)
        {
            depth += symbol[i] == '<' ? 1 : symbol[i] == '>' ? -1 : 0;
            if (depth == 0 && i > from && symbol[i] == '_' && symbol[i + 1] == '_')
            {
                return i;
            }
        }

        return -1;
    }

    private string MethodArguments(string member)
    {
        int open = member.IndexOf('<', StringComparison.Ordinal);
        int close = member.LastIndexOf('>');
        return open > 0 && close > open ? $"<{string.Join(',', Arguments(member[(open + 1)..close]))}>" : "";
    }

    // .ctor, get_Item, <All>g__Local|6_0 (local function), <All>b__0_1 (lambda), System.IDisposable.Dispose (explicit implementation).
    private static string MemberName(string name)
    {
        int close = name.LastIndexOf('>');
        if (name.StartsWith('<') && close > 0)
        {
            string outer = MemberName(name[1..close]);
            string rest = name[(close + 1)..];
            int bar = rest.IndexOf('|', StringComparison.Ordinal);
            return rest.StartsWith("g__", StringComparison.Ordinal) && bar > 3 ? $"{outer}.{rest[3..bar]}"
                : rest.StartsWith("b__", StringComparison.Ordinal) ? $"{outer}.lambda"
                : outer;
        }

        int dot = name.LastIndexOf('.');
        if (dot > 0 && dot < name.Length - 1)
        {
            name = name[(dot + 1)..];
        }

        foreach (string accessor in (ReadOnlySpan<string>)["get", "set", "add", "remove"])
        {
            if (name.Length > accessor.Length + 1 && name.StartsWith(accessor, StringComparison.Ordinal) && name[accessor.Length] == '_')
            {
                return $"{name[(accessor.Length + 1)..]}.{accessor}";
            }
        }

        return name;
    }

    private string TypeName(string mangled)
    {
        if (s_keywords.TryGetValue(mangled, out string? keyword))
        {
            return keyword;
        }

        string open = Open(mangled);
        Queue<string> arguments = open.Length != mangled.Length && mangled.EndsWith('>')
            ? new Queue<string>(Arguments(mangled[(open.Length + 1)..^1]))
            : new Queue<string>();
        switch (open)
        {
            case "__Array" when arguments.Count == 1:
                return arguments.Dequeue() + "[]";
            case "__Pointer" when arguments.Count == 1:
                return arguments.Dequeue() + "*";
            case "__ByRef" when arguments.Count == 1:
                return "ref " + arguments.Dequeue();
        }

        StringBuilder text = new();
        foreach (string part in TypeParts(open))
        {
            AppendPart(text, part, arguments);
        }

        if (arguments.Count != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"<{string.Join(',', arguments)}>");
        }

        return text.ToString();
    }

    // Outer types first. Compiler-made closure classes (their mangled name starts with an underscore) are left out.
    private List<string> TypeParts(string open)
    {
        for (int i = open.Length - 1; i > 0; i--)
        {
            // What starts with a digit is the number of type parameters, not a nested type.
            bool nested = open[i] == '_' && i + 1 < open.Length && !char.IsAsciiDigit(open[i + 1]) && _openTypes.Contains(open[..i]);
            if (nested)
            {
                List<string> parts = TypeParts(open[..i]);
                if (open[i + 1] != '_')
                {
                    parts.Add(open[(i + 1)..]);
                }

                return parts;
            }
        }

        int end = open.Length;
        int arity = open.LastIndexOf('_');
        if (arity > 0 && int.TryParse(open.AsSpan(arity + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            end = arity;
        }

        int start = end > 0 ? open.LastIndexOf('_', end - 1) + 1 : 0;
        return [open[(start == end ? 0 : start)..]];
    }

    // PerCpu_1 takes one argument from the list; so does a part in the middle, as in PerCpu_1_Enumerator<Int32>.
    private static void AppendPart(StringBuilder text, string part, Queue<string> arguments)
    {
        int at = part.LastIndexOf('_');
        bool generic = int.TryParse(part.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && at > 0;
        text.Append(text.Length == 0 ? "" : ".").Append(generic ? part[..at] : part);
        if (generic && count <= arguments.Count)
        {
            List<string> taken = [];
            for (int i = 0; i < count; i++)
            {
                taken.Add(arguments.Dequeue());
            }

            text.Append(CultureInfo.InvariantCulture, $"<{string.Join(',', taken)}>");
        }
    }

    // Splits at "__" outside of inner arguments, and makes each one readable. System.__Canon, which stands for every class, has one inside.
    private List<string> Arguments(string list)
    {
        List<string> arguments = [];
        int depth = 0;
        int start = 0;
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] == '<' ? 1 : list[i] == '>' ? -1 : 0;
            bool separator = depth == 0 && i > start && list[i] == '_' && i + 1 < list.Length && list[i + 1] == '_';
            if (separator && string.CompareOrdinal(list, start, SharedCode, 0, SharedCode.Length) == 0 && i < start + SharedCode.Length)
            {
                i = start + SharedCode.Length - 1;
            }
            else if (separator)
            {
                arguments.Add(TypeName(list[start..i]));
                start = i + 2;
                i++;
            }
        }

        arguments.Add(TypeName(list[start..]));
        return arguments;
    }
}
