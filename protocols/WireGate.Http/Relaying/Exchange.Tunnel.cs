using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>What follows a 101: bytes of another protocol, that were judged when they were asked for.</content>
internal sealed partial class Exchange
{
    private static readonly BodyLength WhatFollows = new(BodyKind.UntilClose);

    private async ValueTask TunnelAsync(UpstreamLeg upstream)
    {
        client.Gone = null;
        _isAnswered = true;
        var answer = BodySink.Plain(client.Upgrade(_response));
        Task sending = SendTunnelledAsync(upstream);
        BodyEnd received = BodyEnd.SourceClosed;
        try
        {
            received = await _upstreamBodies.RunAsync(new BodySource(upstream.Upgraded.Input, WhatFollows), answer, seen: SeenOf(Peer.Upstream));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was lost, which is an end.
        }
        catch (Exception e) when (e is ProtocolException or AuditFailedException)
        {
            EndUnrecorded(e);
        }

        Session.TryEnd(received == BodyEnd.DestinationGone || _isClientDone ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed);
        _clientBodies.Stop(client.Body.Input);
        upstream.Abort();
        await sending;
    }

    // Of either side that has said all: nothing behind a 101 goes on with one half.
    private async Task SendTunnelledAsync(UpstreamLeg upstream)
    {
        try
        {
            await _clientBodies.RunAsync(new BodySource(client.Body.Input, WhatFollows), BodySink.Plain(upstream.Upgraded.Output), seen: SeenOf(Peer.Client));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was lost, which is an end.
        }
        catch (Exception e) when (e is ProtocolException or AuditFailedException)
        {
            EndUnrecorded(e);
        }

        _isClientDone = Session.End == SessionEnd.None;
        upstream.Abort();
    }

    private void EndUnrecorded(Exception problem) => Session.TryEnd(
        problem switch
        {
            ProtocolException { Peer: Peer.Client } => SessionEnd.ClientBrokeProtocol,
            ProtocolException => SessionEnd.UpstreamBrokeProtocol,
            _ => SessionEnd.AuditFailed,
        },
        $"it is recorded, and that cannot be kept: {problem.Message}");

    private bool _isClientDone;
}
