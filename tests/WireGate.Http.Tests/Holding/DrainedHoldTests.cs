using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>The gateway stops while people decide: who waits is told at once how to come back, and what was asked for stays asked for.</summary>
[TestFixture(TransportKind.Epoll, false)]
[TestFixture(TransportKind.Epoll, true)]
[TestFixture(TransportKind.Streams, false)]
[TestFixture(TransportKind.Streams, true)]
internal sealed class DrainedHoldTests(TransportKind transport, bool isSession) : HeldFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        isSession ? config with { Grants = [config.Grants[0] with { Hold = Terms }] } : base.Change(config);

    [Test]
    public async Task A_request_is_answered_as_after_55_seconds_and_its_approval_stays_asked_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        await DrainAsync();

        string answer = await client.ReadToEndAfterFinAsync();
        Assert.That(answer, Does.StartWith("HTTP/1.1 403 ").And.Contain("\r\nConnection: close\r\n").And.Contain($"WireGate-Approval: {id}\r\n"));
        Assert.That((await EndAsync()).End, Is.EqualTo(isSession ? SessionEnd.ApprovalTimeout : SessionEnd.Shutdown));
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
    }

    [Test]
    public async Task What_would_wait_from_now_on_is_answered_at_once()
    {
        RawPeer client = await ConnectAsync();
        await Until.TrueAsync(() => Sessions.Count == 1, "a session");
        await DrainAsync();
        await client.SendAsync(Post());

        string answer = await client.ReadToEndAfterFinAsync();
        Assert.That(answer, Does.StartWith("HTTP/1.1 403 ").And.Contain($"WireGate-Approval: {Store.All[0].Id}\r\n"));
        Assert.That(Store.All[0].State, Is.EqualTo(ApprovalState.Pending));
    }
}
