// Reading what `dotnet test` leaves behind, and which rows a host test names.

using System.Xml.Linq;
using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Host;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Tests;

public sealed class HostTestsTests
{
    [Fact]
    public void Traits_and_names_give_rows()
    {
        RowTraits traits = new();
        traits.Add("""
            namespace A.B;
            [Trait("Row", "TSM-01")]
            public class Outer
            {
                [Fact, Trait("Row", "TST-05")] public void One() { }
                [Theory] public void TST_07_storm(int n) { }
                public class Inner { [Fact] [Trait("Kind", "slow")] public void Two() { } }
            }
            public class Plain { [Fact] public void Three() { } }
            """);

        Assert.Equal(["TSM-01", "TST-05"], traits.Of("A.B.Outer.One"));
        Assert.Equal(["TSM-01", "TST-07"], traits.Of("A.B.Outer.TST_07_storm"));
        Assert.Equal(["TSM-01"], traits.Of("A.B.Outer+Inner.Two"));
        Assert.Empty(traits.Of("A.B.Plain.Three"));
        Assert.Empty(traits.Of("A.B.Nobody.Four"));
    }

    [Fact]
    public void Results_are_read_with_their_method()
    {
        IReadOnlyList<TrxTest> tests = TrxFile.Read(XDocument.Parse("""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Results>
                <UnitTestResult testId="1" testName="A.B.Add(n: 1)" outcome="Passed" />
                <UnitTestResult testId="2" testName="A.B.Sub" outcome="Failed">
                  <Output><ErrorInfo><Message>Assert.Equal() Failure</Message></ErrorInfo></Output>
                </UnitTestResult>
                <UnitTestResult testId="3" testName="A.B.Mul" outcome="NotExecuted">
                  <Output><StdOut>not today</StdOut></Output>
                </UnitTestResult>
                <UnitTestResult testId="4" testName="A.B.Div" outcome="Aborted" />
              </Results>
              <TestDefinitions>
                <UnitTest id="1"><TestMethod className="A.B" name="Add" /></UnitTest>
                <UnitTest id="2"><TestMethod className="A.B" name="Sub" /></UnitTest>
                <UnitTest id="3"><TestMethod className="A.B" name="Mul" /></UnitTest>
              </TestDefinitions>
            </TestRun>
            """));

        Assert.Equal(
            [
                new TrxTest("A.B.Add", "A.B.Add(n: 1)", Outcome.Passed, ""),
                new TrxTest("A.B.Sub", "A.B.Sub", Outcome.Failed, "Assert.Equal() Failure"),
                new TrxTest("A.B.Mul", "A.B.Mul", Outcome.Skipped, "not today"),
                new TrxTest("A.B.Div", "A.B.Div", Outcome.Failed, ""),
            ],
            tests);
    }

    [Fact]
    public void The_projects_of_this_repository_are_found()
    {
        ToolContext context = new(Repository.Root, TextWriter.Null, TextWriter.Null, _ => null);

        Assert.Contains("Csos", HostTests.Projects(context).Select(HostTests.NameOf));
    }

    [Theory]
    [InlineData("Csos", new string[0])]
    [InlineData("host/csos/Boot", new[] { "Boot" })]
    [InlineData("AlphaTests.One", new[] { "AlphaTests.One" })]
    [InlineData("TST-07", new[] { "TST-07" })]
    [InlineData("host/Other/AlphaTests", null)]
    [InlineData("AlphaTests.Three", null)]
    public void A_filter_is_looked_for_in_the_sources_first(string filter, string[]? relevant)
    {
        using FakeRepository repository = new();
        repository.Write("tests/Csos/Csos.Tests.csproj", "");
        repository.Write("tests/Csos/AlphaTests.cs", "class AlphaTests { void One() { } void TST_07_two() { } void Boot() { } }");

        Assert.Equal(relevant, HostTests.Relevant(repository.PathOf("tests/Csos/Csos.Tests.csproj"), [filter]));
    }

    [Theory]
    [InlineData('a', "a")]
    [InlineData('A', "shift-a")]
    [InlineData('7', "7")]
    [InlineData('_', "shift-minus")]
    [InlineData('?', "shift-slash")]
    [InlineData('\n', "ret")]
    public void Keys_have_QEMUs_names(char letter, string name) => Assert.Equal(name, Keys.NameOf(letter));

    [Fact]
    public void Scenarios_have_unique_names() =>
        Assert.Equal(ScenarioList.All.Count, ScenarioList.All.Select(scenario => scenario.Name).Distinct().Count());
}
