using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>What follows a 101: bytes of another protocol, that were judged when they were asked for.</content>
internal sealed partial class Exchange
{
    private static readonly BodyLength WhatFollows = new(BodyKind.UntilClose);

    // Who ended first; null: both go on.
    private SessionEnd? _tunnelEnd;

    private async ValueTask TunnelAsync(UpstreamLeg upstream)
    {
        _isAnswered = true;
        Connection there = upstream.Upgrade(), here = client.Upgrade(_response);
        _clock.Receives(true);
        Task sending = TunnelAsync(_clientBodies, here, there, Peer.Client, SessionEnd.ClientClosed);
        await TunnelAsync(_upstreamBodies, there, here, Peer.Upstream, SessionEnd.UpstreamClosed);
        await sending;
        Session.TryEnd(_tunnelEnd ?? SessionEnd.ClientClosed);
    }

    /// <summary>Moves what goes one way. A side that has said all is told to the other, which may go on; one that is cut cuts both.</summary>
    private async Task TunnelAsync(BodyRelay relay, Connection from, Connection to, Peer peer, SessionEnd end)
    {
        bool isWhole = false;
        try
        {
            BodyEnd moved = await relay.RunAsync(new BodySource(from.Input, WhatFollows, Carrier: from), BodySink.Plain(to.Output), new BodyWay { Seen = SeenOf(peer) });
            if (peer == Peer.Upstream)
            {
                _clock.Receives(false);
            }

            end = moved != BodyEnd.DestinationGone ? end : peer == Peer.Client ? SessionEnd.UpstreamClosed : SessionEnd.ClientClosed;
            if (moved == BodyEnd.Complete)
            {
                _tunnelEnd ??= end;
                _clock.Finished();
                await to.FinishAsync();
                isWhole = true;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was lost, which is an end.
        }
        catch (Exception e) when (e is ProtocolException or AuditFailedException)
        {
            EndUnrecorded(e);
        }

        _tunnelEnd ??= end;
        if (!isWhole)
        {
            from.Reset();
            to.Reset();
        }
    }

    private void EndUnrecorded(Exception problem) => Session.TryEnd(
        problem switch
        {
            ProtocolException { Peer: Peer.Client } => SessionEnd.ClientBrokeProtocol,
            ProtocolException => SessionEnd.UpstreamBrokeProtocol,
            _ => SessionEnd.AuditFailed,
        },
        $"it is recorded, and that cannot be kept: {problem.Message}");
}
