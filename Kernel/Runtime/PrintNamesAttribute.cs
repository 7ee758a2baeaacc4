// PrintNamesAttribute: asks for the names of an enum's values as text.
//
// The generator tools/CSharpOS.Generators writes, for each enum marked with it, an extension method Name over constant UTF-8 data in
// the image. Any context: no allocation, no metadata.

using System;

namespace CSharpOS.Runtime;

/// <summary>The enum gets <c>ReadOnlySpan&lt;byte&gt; Name(this E value)</c>: the member's name, or nothing for a value without
/// one.</summary>
[AttributeUsage(AttributeTargets.Enum)]
public sealed class PrintNamesAttribute : Attribute
{
}
