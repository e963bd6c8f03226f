using System.CommandLine;
using System.Runtime.InteropServices;
using WireGate.Demo;

namespace WireGate.Commands;

/// <summary><c>wiregate demo</c>: everything on this machine, nothing to configure.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "run the lines with the real psql and ssh, print what happened, exit 0 or 1" };
        var command = new Command("demo", "a throw-away PostgreSQL, and sshd where there is one, behind the gateway, a placeholder minted, the line to paste") { once };
        command.SetAction((arguments, cancellation) => RunAsync(arguments.GetValue(once), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool once, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("demo: it needs Linux.");
            return 1;
        }

        // Whichever way it is told to stop, it stops what it started and removes its directory before it ends.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        try
        {
            await using DemoHouse house = await DemoHouse.StartAsync(Console.Out, stop.Token);
            if (once)
            {
                return await new DemoScript(house, Console.Out).RunAsync(stop.Token) ? 0 : 1;
            }

            await house.ShowAsync(Console.Out);
            await house.WaitAsync(stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (DemoException e)
        {
            await Console.Error.WriteLineAsync($"demo: {e.Message}");
            return 1;
        }
    }
}
