// The irq layer: who has freed or disabled a line may give up what its handler uses, and handlers come and go while the line interrupts.

using System.Runtime.CompilerServices;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class IrqScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    internal const int Line = 5;

    private static IrqChip s_chip;
    private static Func<nint, IrqReturn>? s_handler;

    [Theory]
    [Trait("Row", "IRQ-05")]
    [InlineData("free_irq", null)]
    [InlineData("free_irq that does not wait", "use after free")]
    public void FreeAgainstTheHandler(string variant, string? fault) => Explore(() => new FreeScenario(variant), fault);

    [Theory]
    [Trait("Row", "IRQ-08")]
    [InlineData("disable_irq", null)]
    [InlineData("disable_irq_nosync", "runs while its line is disabled")]
    public void DisableAgainstTheHandler(string variant, string? fault) => Explore(() => new DisableScenario(variant), fault);

    [Theory]
    [Trait("Row", "IRQ-05")]
    [InlineData("free_irq", null)]
    [InlineData("free_irq that does not wait", "use after free")]
    public void RequestAndFreeOnALineThatInterrupts(string variant, string? fault) => Explore(() => new SharedScenario(variant), fault);

    /// <summary>Gives the line a handler.</summary>
    internal static void SetUpHandler(Func<nint, IrqReturn> handler, void* devId)
    {
        SetUpLine();
        s_handler = handler;
        Request(devId);
    }

    private static void SetUpLine()
    {
        s_chip = default;
        s_chip.Name = "explored"u8;
        s_chip.Startup = &Startup;
        s_chip.Shutdown = &Nothing;
        s_chip.Enable = &Nothing;
        s_chip.Disable = &Nothing;
        s_chip.Ack = &Nothing;
        s_chip.MaskAndAck = &MaskAndAck;
        s_chip.Mask = &Nothing;
        s_chip.Unmask = &Nothing;
        s_chip.End = &Nothing;
        Interrupts.Init();
        SetChip(Line, (IrqChip*)Unsafe.AsPointer(ref s_chip), false);
    }

    private static bool Startup(int irq) => false;

    private static void Nothing(int irq)
    {
    }

    private static bool MaskAndAck(int irq) => true;

    private static IrqReturn Handler(int irq, void* devId, PtRegs* regs) => s_handler!((nint)devId);

    private static void Request(void* devId)
    {
        if (RequestIrq(Line, &Handler, IrqFlags.Shared | IrqFlags.Disabled, "device"u8, devId) != 0)
        {
            throw Machine.Fail("request_irq failed");
        }
    }

    // free_irq as one might write it: the handler goes off the list, and its memory goes too.
    private static void FreeWithoutWaiting(void* devId)
    {
        IrqDescriptor* descriptor = IrqToDescriptor(Line);
        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction** link = &descriptor->Action;
        while ((*link)->DevId != devId)
        {
            link = &(*link)->Next;
        }

        IrqAction* action = *link;
        Shared.WriteOnce(link, action->Next);
        if (descriptor->Action == null)
        {
            descriptor->Status |= IrqStatus.Disabled;
            descriptor->Depth = 1;
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        Kfree(action);
    }

    private static void Free(string variant, void* devId)
    {
        if (variant == "free_irq")
        {
            FreeIrq(Line, devId);
        }
        else
        {
            FreeWithoutWaiting(devId);
        }
    }

    private sealed class FreeScenario(string variant) : Scenario
    {
        private int* _device;

        public override void Setup()
        {
            SetUpLine();
            _device = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            s_handler = device =>
            {
                Shared.AddReturn(ref *(int*)device, 1);
                return IrqReturn.Handled;
            };
            Request(_device);
            Thread(0, "driver", () =>
            {
                Free(variant, _device);
                Kfree(_device);
            });
            DeviceInterrupt(1, Line).Raise();
        }
    }

    private sealed class DisableScenario(string variant) : Scenario
    {
        private int* _device;
        private int* _quiet;
        private int _calls;

        public override void Setup()
        {
            SetUpLine();
            _device = Machine.Allocate<int>();
            _quiet = Machine.Allocate<int>();
            s_handler = _ =>
            {
                _calls++;
                if (Shared.ReadOnce(ref *_quiet) != 0)
                {
                    throw Machine.Fail("the handler runs while its line is disabled");
                }

                return IrqReturn.Handled;
            };
            Request(_device);
            Thread(0, "driver", () =>
            {
                if (variant == "disable_irq")
                {
                    DisableIrq(Line);
                }
                else
                {
                    DisableIrqNosync(Line);
                }

                Shared.WriteOnce(ref *_quiet, 1);
                Mb();
                Shared.WriteOnce(ref *_quiet, 0);
                EnableIrq(Line);
            });
            DeviceInterrupt(1, Line).Raise();
        }

        // The edge that came while the line was disabled stays pending, and the end of the next interrupt would serve it.
        public override void End() => Check(_calls == 1 || IrqToDescriptor(Line)->Has(IrqStatus.Pending), "the interrupt is not lost");
    }

    // CPU 0 frees the first of two handlers, CPU 1 adds a third, CPU 2 takes the interrupt.
    private sealed class SharedScenario(string variant) : Scenario
    {
        private int* _first, _second, _third;
        private int _secondCalls;

        public override int Cpus => 3;

        public override void Setup()
        {
            SetUpLine();
            _first = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            _second = Machine.Allocate<int>();
            _third = Machine.Allocate<int>();
            s_handler = device =>
            {
                Shared.ReadOnce(ref *(int*)device);
                _secondCalls += device == (nint)_second ? 1 : 0;
                return IrqReturn.Handled;
            };
            Request(_first);
            Request(_second);
            Thread(0, "leaves", () =>
            {
                Free(variant, _first);
                Kfree(_first);
            });
            Thread(1, "comes", () => Request(_third));
            DeviceInterrupt(2, Line).Raise();
        }

        public override void End()
        {
            Check(_secondCalls == 1, "the handler that stays is called");
            int length = 0;
            for (IrqAction* action = IrqToDescriptor(Line)->Action; action != null; action = action->Next)
            {
                length++;
            }

            Check(length == 2, "two handlers are registered");
        }
    }
}
