using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>What follows a 101: bytes of another protocol, that were judged when they were asked for.</content>
internal sealed partial class ClientConnection
{
    private static readonly BodyLength WhatFollows = new(BodyKind.UntilClose);

    private async ValueTask TunnelAsync(UpstreamConnection upstream)
    {
        session.Client.HungUp = null;
        HeadWriter.WriteResponse(Output, _response, isLast: false, inChunks: false, upgrade: _head.Upgrade);
        _isAnswered = true;
        Task sending = SendTunnelledAsync(upstream);
        BodyEnd received = BodyEnd.SourceClosed;
        try
        {
            received = await _upstreamBodies.RunAsync(upstream.Connection.Input, Output, WhatFollows, inChunks: false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was lost, which is an end.
        }

        session.TryEnd(received == BodyEnd.DestinationGone || _isClientDone ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed);
        _clientBodies.Stop(Input);
        upstream.Connection.Abort();
        await sending;
    }

    // Of either side that has said all: nothing behind a 101 goes on with one half.
    private async Task SendTunnelledAsync(UpstreamConnection upstream)
    {
        try
        {
            await _clientBodies.RunAsync(Input, upstream.Connection.Output, WhatFollows, inChunks: false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was lost, which is an end.
        }

        _isClientDone = session.End == SessionEnd.None;
        upstream.Connection.Abort();
    }

    private bool _isClientDone;
}
