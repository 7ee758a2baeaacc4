// Tables: the init functions and test suites of the linked assemblies, found by their attributes, as tables for Kernel/Init/Modules.cs and
// Kernel/Testing. Nothing in the kernel names a driver: linking its assembly in is enough.
//
// The symbol of a static method is Assembly_Namespace_Type__Method with dots as underscores; ilc is asked for nothing more.

using System.Globalization;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace CSharpOS.AsmGen;

internal static class Tables
{
    internal static string Generate(string[] assemblies)
    {
        var inits = new List<(int Level, string Module, string Init, string? Exit)>();
        var suites = new List<(string Name, string Symbol)>();
        foreach (string path in assemblies)
        {
            Scan(path, inits, suites);
        }

        var text = new StringBuilder("; Generated from the attributes of the linked assemblies. Do not edit.\n\n");
        foreach (string symbol in inits.SelectMany(i => new[] { i.Init, i.Exit }).Concat(suites.Select(s => s.Symbol)).OfType<string>().Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"extern {symbol}\n");
        }

        text.Append("\n        section .initcalls progbits alloc noexec nowrite align=8\n");
        int number = 0;
        foreach (var (level, module, init, exit) in inits.OrderBy(i => i.Level))
        {
            text.Append(CultureInfo.InvariantCulture, $"        dq {level}, {init}, {exit ?? "0"}, module_name_{number}, {module.Length}\n");
            number++;
        }

        text.Append("\n        section .test_suites progbits alloc noexec nowrite align=8\n");
        for (int i = 0; i < suites.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"        dq {suites[i].Symbol}, suite_name_{i}, {suites[i].Name.Length}\n");
        }

        text.Append("\n        section .rodata\nglobal build_identifier\n");
        text.Append(CultureInfo.InvariantCulture, $"build_identifier: db '{Identifier(assemblies[0])}', 0\n");
        number = 0;
        foreach (var (_, module, _, _) in inits.OrderBy(i => i.Level))
        {
            text.Append(CultureInfo.InvariantCulture, $"module_name_{number++}: db '{module}', 0\n");
        }

        for (int i = 0; i < suites.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"suite_name_{i}: db '{suites[i].Name}', 0\n");
        }

        text.Append("\n        section .note.GNU-stack noalloc noexec nowrite progbits\n");
        return text.ToString();
    }

    internal static void Scan(string path, List<(int Level, string Module, string Init, string? Exit)> inits, List<(string Name, string Symbol)> suites)
    {
        using var stream = File.OpenRead(path);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        string assembly = metadata.GetString(metadata.GetAssemblyDefinition().Name);
        foreach (var typeHandle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(typeHandle);
            string? exit = null;
            var initsOfType = new List<(int Level, string Symbol)>();
            foreach (var methodHandle in type.GetMethods())
            {
                var method = metadata.GetMethodDefinition(methodHandle);
                foreach (var attributeHandle in method.GetCustomAttributes())
                {
                    var attribute = metadata.GetCustomAttribute(attributeHandle);
                    var value = metadata.GetBlobReader(attribute.Value);
                    switch (AttributeName(metadata, attribute))
                    {
                        case "ModuleInitAttribute":
                            value.ReadUInt16();
                            initsOfType.Add((value.ReadInt32(), Symbol(metadata, assembly, type, method)));
                            break;
                        case "ModuleExitAttribute":
                            exit = Symbol(metadata, assembly, type, method);
                            break;
                        case "TestSuiteAttribute":
                            value.ReadUInt16();
                            string name = value.ReadSerializedString() ?? throw new InvalidDataException($"{path}: a test suite without a name");
                            suites.Add((name, Symbol(metadata, assembly, type, method)));
                            break;
                    }
                }
            }

            foreach (var (level, symbol) in initsOfType)
            {
                inits.Add((level, assembly, symbol, exit));
            }
        }
    }

    // The compiler derives the module version from the sources: same sources, same identifier.
    internal static string Identifier(string kernel)
    {
        using var stream = File.OpenRead(kernel);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid).ToString("N");
    }

    private static string Symbol(MetadataReader metadata, string assembly, TypeDefinition type, MethodDefinition method)
    {
        string qualified = metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name) + "__" + metadata.GetString(method.Name);
        return assembly.Replace('.', '_') + "_" + qualified.Replace('.', '_');
    }

    private static string AttributeName(MetadataReader metadata, CustomAttribute attribute) => attribute.Constructor.Kind switch
    {
        HandleKind.MemberReference => metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
            ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name)
            : string.Empty,
        HandleKind.MethodDefinition => metadata.GetString(
            metadata.GetTypeDefinition(metadata.GetMethodDefinition((MethodDefinitionHandle)attribute.Constructor).GetDeclaringType()).Name),
        _ => string.Empty,
    };
}
