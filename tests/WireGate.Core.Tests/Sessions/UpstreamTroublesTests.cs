using Microsoft.Extensions.Logging;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Sessions;

public class UpstreamTroublesTests
{
    [Test]
    public void A_target_has_a_line_now_and_then_which_counts_those_that_had_none()
    {
        var time = new ManualTime();
        var log = new Lines();
        var troubles = new UpstreamTroubles(time, log);
        TargetConfig orders = SampleConfig.Create("/nowhere/admin.sock").Targets["orders"];
        for (int i = 0; i < 5; i++)
        {
            troubles.Tell(Access(orders), Refusal($"refused {i}"));
        }

        troubles.Tell(Access(orders with { Name = "billing" }), Refusal("down"));
        time.Advance(TimeSpan.FromSeconds(10));
        troubles.Tell(Access(orders), Refusal("refused still"));

        Assert.That(log, Has.Count.EqualTo(3));
        Assert.That(log[0], Does.StartWith("target orders let nobody in as ro: refused 0 (ref ").And.Contain("; 0 more"));
        Assert.That(log[1], Does.StartWith("target billing"));
        Assert.That(log[2], Does.Contain("refused still").And.Contain("; 4 more"));
    }

    private static Refusal Refusal(string detail) => new(SessionEnd.UpstreamUnreachable, "the upstream cannot be reached", detail);

    private static Access Access(TargetConfig target) => new(target, target.Logins[0], new GrantConfig { Name = "g", Targets = [target.Name] });

    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add(formatter(state, exception));
    }
}
