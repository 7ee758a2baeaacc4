// The simulated machine itself: switched on anew it remembers nothing, so that no test finds what another has left.

using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Init;

public sealed class SimulationTests
{
    [Fact]
    public void AMachineThatIsSwitchedOnRemembersNothing()
    {
        Simulation.Reset();
        int usual = KernelLog.ConsoleLevel;
        KernelLog.ConsoleLevel = usual - 1;
        Assert.Equal(usual - 1, KernelLog.ConsoleLevel);

        Simulation.Reset();
        Assert.Equal(usual, KernelLog.ConsoleLevel);
    }

    [Fact]
    public unsafe void NorDoesTheTaskThatBoots()
    {
        Simulation.Reset();
        Current->PendingSignals = 1;

        Simulation.Reset();
        Assert.Equal(0ul, Current->PendingSignals);
    }
}
