// Offsets: every constant of CSharpOS.Arch.AsmOffsets as a NASM define.

using System.Globalization;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace CSharpOS.AsmGen;

internal static class Offsets
{
    internal static string Generate(string dll)
    {
        using var stream = File.OpenRead(dll);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        var text = new StringBuilder("; Generated from Kernel/Arch/AsmOffsets.cs. Do not edit.\n");
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            if (metadata.GetString(type.Name) != "AsmOffsets" || metadata.GetString(type.Namespace) != "CSharpOS.Arch")
            {
                continue;
            }

            foreach (var fieldHandle in type.GetFields())
            {
                var field = metadata.GetFieldDefinition(fieldHandle);
                var constant = metadata.GetConstant(field.GetDefaultValue());
                var value = metadata.GetBlobReader(constant.Value);
                string number = constant.TypeCode switch
                {
                    ConstantTypeCode.Int32 => value.ReadInt32().ToString(CultureInfo.InvariantCulture),
                    ConstantTypeCode.UInt64 => "0x" + value.ReadUInt64().ToString("x", CultureInfo.InvariantCulture),
                    _ => throw new InvalidDataException($"AsmOffsets.{metadata.GetString(field.Name)}: only int and ulong constants"),
                };
                text.Append(CultureInfo.InvariantCulture, $"%define {metadata.GetString(field.Name)} {number}\n");
            }

            return text.ToString();
        }

        throw new InvalidDataException($"{dll}: no class CSharpOS.Arch.AsmOffsets");
    }
}
