// Running functions on other CPUs: two callers at once, and a call that lies on its caller's stack.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class SmpScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private static Action? s_function;

    private static void Run(void* argument) => s_function!();

    [Theory]
    [Trait("Row", "IRQ-18")]
    [InlineData("waits", null)]
    [InlineData("returns when it has begun", "use after free")]
    public void TwoCallersAtOnce(string variant, string? fault) => Explore(() => new CallScenario(variant), fault);

    // Each CPU makes the other one touch a block of memory, and gives it back when the call returns.
    private sealed class CallScenario(string variant) : Scenario
    {
        private readonly nint[] _blocks = new nint[2];
        private Atomic* _calls;

        public override void Setup()
        {
            _calls = Machine.Allocate<Atomic>();
            s_function = () =>
            {
                _calls->Inc();
                Shared.ReadOnce(ref *(int*)_blocks[1 - Machine.CurrentCpu]);
            };
            for (int cpu = 0; cpu < 2; cpu++)
            {
                int me = cpu;
                _blocks[cpu] = (nint)Kmalloc(sizeof(int), GfpFlags.Kernel);
                Thread(cpu, $"caller {cpu}", () =>
                {
                    Check(Smp.CallFunction(uint.MaxValue, &Run, null, wait: variant == "waits") == 0, "the call is made");
                    Kfree((void*)_blocks[me]);
                });
            }
        }

        public override void End() => Check(_calls->Read() == 2, "each function has run once");
    }
}
