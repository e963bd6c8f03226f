using System.Net;
using NUnit.Framework;
using WireGate.Admin.Access;
using WireGate.Core.Audit;
using WireGate.Testing.Time;

namespace WireGate.Admin.Tests;

public sealed class RefusalTests
{
    [Test]
    public async Task A_flood_of_refused_requests_is_recorded_by_its_first_few_and_its_count()
    {
        ManualTime time = new();
        await using AdminHarness daemon = new() { CallerUserId = 1003, Time = time };
        await daemon.StartAsync();
        for (int i = 0; i < Refusals.OneByOne + 7; i++)
        {
            Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", "{}")).Status, Is.EqualTo(HttpStatusCode.Forbidden));
        }

        Assert.That(daemon.Audit.Events.Select(e => e.Detail), Is.EqualTo(Enumerable.Repeat("placeholder mint: refused", Refusals.OneByOne)));
        time.Advance(Refusals.Interval);
        AuditEvent summary = daemon.Audit.Events[^1];
        Assert.That((summary.Kind, summary.Actor!.ToString(), summary.Source, summary.Detail),
            Is.EqualTo((AuditEventKind.AdminAction, "unix:uid:1003", "eve, uid 1003", "7 more requests and connections: refused")));

        await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", "{}");
        Assert.That(daemon.Audit.Events[^1].Detail, Is.EqualTo("placeholder mint: refused"), "a new interval");
        time.Advance(Refusals.Interval);
        time.Advance(Refusals.Interval);
        Assert.That(daemon.Audit.Events, Has.Count.EqualTo(Refusals.OneByOne + 2), "nothing more to count");
    }

    [Test]
    public async Task One_users_flood_does_not_hide_anothers_attempt()
    {
        await using AdminHarness daemon = new() { CallerUserId = 1003, Time = new ManualTime() };
        await daemon.StartAsync();
        for (int i = 0; i < Refusals.OneByOne + 1; i++)
        {
            await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", "{}");
        }

        daemon.CallerUserId = 1002;
        await daemon.SendAsync(HttpMethod.Post, "/v1/sessions/kill", "{}");
        Assert.That(daemon.Audit.Events[^1].Actor!.ToString(), Is.EqualTo("unix:pipeline"));
        Assert.That(daemon.Audit.Events[^1].Detail, Is.EqualTo("session kill: refused"));
    }

    [Test]
    public async Task Thousands_of_users_are_counted_together_and_none_is_lost_at_the_end()
    {
        await using AdminHarness daemon = new() { Time = new ManualTime() };
        using (Refusals refusals = new(daemon.Dependencies))
        {
            for (uint uid = 100_000; uid < 105_000; uid++)
            {
                refusals.Count(uid, null);
            }

            Assert.That(daemon.Audit.Events, Is.Empty);
        }

        Assert.That(daemon.Audit.Events, Has.Count.EqualTo(Refusals.MostUsers + 1));
        Assert.That(daemon.Audit.Events[^1].Detail, Is.EqualTo("4900 more requests and connections: refused"));
        Assert.That(daemon.Audit.Events[^1].Actor, Is.Null);
    }

    [Test]
    public async Task An_audit_log_that_fails_does_not_take_the_daemon_with_it()
    {
        ManualTime time = new();
        await using AdminHarness daemon = new() { Time = time };
        using Refusals refusals = new(daemon.Dependencies);
        refusals.Count(1003, "eve");
        daemon.Audit.Failure = new AuditFailedException("disk full");
        Assert.DoesNotThrow(() => time.Advance(Refusals.Interval));
    }
}
