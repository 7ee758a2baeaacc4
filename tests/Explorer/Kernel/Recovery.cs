// Recovery of the explored kernel: a fault is a failure of the scenario, so nothing is ever resumed.

namespace CSharpOS.Init;

public static unsafe class Recovery
{
    public static int Call(delegate*<void*, void> function, void* argument)
    {
        function(argument);
        return 0;
    }
}
