using WireGate.Core.Configuration;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Limits of time, and time that goes by faster than it does.</summary>
internal abstract class TimedFixture(TransportKind transport) : HttpFixture(transport)
{
    protected const int Rate = 100;

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Limits = new LimitsConfig
        {
            RequestHead = TimeSpan.FromSeconds(20),
            RequestBodyRate = Rate,
            FirstByte = TimeSpan.FromSeconds(60),
            ResponseIdle = TimeSpan.FromSeconds(90),
        },
    };

    /// <summary>So many seconds go by, and each is looked at.</summary>
    protected async Task PassAsync(int seconds)
    {
        DateTimeOffset until = Time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        await PassAsync(Until.TrueAsync(() => Time.GetUtcNow() >= until, "time to go by"));
    }

    /// <summary>Time goes by, second by second, faster than it does.</summary>
    /// <returns>How long it took.</returns>
    protected async Task<TimeSpan> PassAsync(Task until, Func<Task>? meanwhile = null)
    {
        DateTimeOffset before = Time.GetUtcNow();
        while (!until.IsCompleted)
        {
            try
            {
                await (meanwhile?.Invoke() ?? Task.CompletedTask);
            }
            catch (IOException)
            {
                // It has ended.
            }

            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(until, Task.Delay(2));
        }

        await until;
        return Time.GetUtcNow() - before;
    }
}
