// Hosted Recovery: a simulated fault is an exception, so a recoverable call is a try block.

namespace CSharpOS.Init;

/// <summary>Thrown by <see cref="Recovery.TryResume"/>.</summary>
public sealed class SimulatedFaultException(int code) : Exception
{
    public int Code { get; } = code;
}

public static unsafe class Recovery
{
    private static int s_depth;

    public static int Call(delegate*<void*, void> function, void* argument)
    {
        s_depth++;
        try
        {
            function(argument);
            return 0;
        }
        catch (SimulatedFaultException fault)
        {
            return fault.Code;
        }
        finally
        {
            s_depth--;
        }
    }

    public static void TryResume(int code)
    {
        if (s_depth != 0 && !InInterrupt())
        {
            throw new SimulatedFaultException(code);
        }
    }
}
