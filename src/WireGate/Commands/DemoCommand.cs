using System.CommandLine;
using WireGate.Demo;

namespace WireGate.Commands;

/// <summary><c>wiregate demo</c>: everything on this machine, nothing to configure.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "run the lines with the real psql, print what happened, exit 0 or 1" };
        var command = new Command("demo", "a throw-away PostgreSQL behind the gateway, a placeholder minted, the line to paste") { once };
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

        try
        {
            await using DemoHouse house = await DemoHouse.StartAsync(Console.Out, cancellation);
            if (once)
            {
                return await new DemoScript(house, Console.Out).RunAsync(cancellation) ? 0 : 1;
            }

            await house.ShowAsync(Console.Out);
            await house.WaitAsync(cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
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
