// TestSuite: marks the entry of an in-kernel test suite. The build collects them into a table (tools/AsmGen).

namespace CSharpOS.Testing;

/// <summary>On a static method <c>void Suite()</c> that calls <see cref="Test.Run"/> for each of its tests.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class TestSuiteAttribute(string name) : Attribute
{
    /// <summary>The suite's name, as given to <c>test=</c>.</summary>
    public string Name { get; } = name;
}
