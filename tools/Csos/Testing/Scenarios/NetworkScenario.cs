// The network with a station that is not this kernel: QEMU's own. The address comes from the boot option; the cable is pulled out, and plugged in again.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Boot option, ping, cable.</summary>
public sealed class NetworkScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "network";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["DRV-01"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "ip=10.0.2.15/24" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync("eth0: link is up, 1000 Mbps, full duplex");
        await guest.ExpectAsync("eth0: address 10.0.2.15/24");
        await guest.ExpectPromptAsync();

        // In the first second QEMU's card receives nothing.
        await guest.TypeAsync("ping 10.0.2.2 5\n");
        await guest.ExpectAsync(@"64 bytes from 10\.0\.2\.2: icmp_seq=\d time=\d+\.\d{3} ms");
        await guest.ExpectAsync("5 packets transmitted, [345] received");
        await guest.ExpectPromptAsync();
        await guest.MonitorAsync("set_link net0 off");
        await guest.ExpectAsync("eth0: link is down");
        await guest.TypeAsync("ping 10.0.2.2 1\n");
        await guest.ExpectAsync("1 packets transmitted, 0 received");
        await guest.ExpectPromptAsync();
        await guest.MonitorAsync("set_link net0 on");
        await guest.ExpectAsync("eth0: link is up, 1000 Mbps, full duplex");
        await guest.TypeAsync("ping 10.0.2.2 5\n");
        await guest.ExpectAsync("5 packets transmitted, [345] received");
        await guest.ExpectPromptAsync();
    }
}
