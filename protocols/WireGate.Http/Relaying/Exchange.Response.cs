using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>The response, as the client gets it.</content>
internal sealed partial class Exchange
{
    // 100, 102 and 103 are all that there are; an upstream may say where it is again and again.
    private const int MostInterim = 16;

    private readonly ResponseHead _response = new();
    private readonly Scrubber _scrubber = new();

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<BodyEnd> ReceiveAsync(UpstreamLeg upstream, BodySink sink, Scrubber? scrubber)
    {
        try
        {
            _upstreamTrailers.BeginResponse(_response, client.TakesTrailers, _scrubber, isMasked: _masks is not null);
            _clock.Receives(true);
            return await _upstreamBodies.RunAsync(upstream.BodyOf(_response), sink, new BodyWay { Scrubber = scrubber, Mask = _bodyMask, Trailers = _upstreamTrailers });
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or ProtocolException)
        {
            return BodyEnd.SourceClosed;
        }
        finally
        {
            _clock.Receives(false);
        }
    }

    private Places PlacesOf(TargetConfig target) => new(
        AuthorityOf(target), target.Tls.Mode != TlsMode.Disable, Head.Authority, client.IsForSecure ?? Session.Client.Tls is not null, Head.ReadTarget().Path[.._prefix]);

    private BodySink BeginAnswer(TargetConfig target, bool isRead)
    {
        _isAnswered = true;
        of.Answers.Add(_response.Code);
        _response.IsPrivate = _masks is not null || _slot.Kind is not (SlotKind.Bearer or SlotKind.Basic or SlotKind.Signature);
        return client.Begin(_response, PlacesOf(target), isMasked: _masks is not null, isRead);
    }

    /// <returns>Why its body cannot be looked through for the secret; null: it can, or there is none.</returns>
    private Refusal? UnsearchableAnswer() =>
        _response.Body.Kind == BodyKind.None ? null
        : ContentTypes.IsEncoded(_response) ? new Refusal(
            SessionEnd.UpstreamBrokeProtocol, "the upstream's answer is compressed, which it was asked not to be", "what is compressed cannot be looked through for the secret")
        : ContentTypes.IsWide(_response) ? new Refusal(
            SessionEnd.UpstreamBrokeProtocol, "the upstream's answer is in UTF-16 or another charset that is not looked through",
            "a text whose characters have several bytes each cannot be looked through for the secret")
        : null;

    // Metadata of gRPC.
    private void ScrubBinary()
    {
        foreach (ref readonly FieldLine field in _response.Fields)
        {
            BinaryField.Scrub(_response.Name(field), _response.Writable.Slice(field.ValueStart, field.ValueLength), _scrubber);
        }
    }

    /// <summary>Reads up to the head of the final response, and passes on those before it.</summary>
    /// <returns>False: the upstream closed before any of it came.</returns>
    /// <exception cref="ProtocolException">It is none.</exception>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ReadResponseAsync(UpstreamLeg upstream)
    {
        _response.IsToHead = Head.Method.SequenceEqual("HEAD"u8);
        _isBodyAsked = !Head.ExpectsContinue;
        int interim = 0;
        while (await upstream.ReadHeadAsync(_response))
        {
            if (upstream.TakesTrailers)
            {
                ScrubBinary();
            }

            _scrubber.Overwrite(_response.Writable);
            if (!_response.IsInterim)
            {
                return _response.Code != 101 || _response.Accepts(Head.Upgrade) ? true : throw new ProtocolException(Peer.Upstream, "101, which nobody asked for");
            }

            if (++interim > MostInterim)
            {
                throw new ProtocolException(Peer.Upstream, $"more than {MostInterim} interim answers");
            }

            _isBodyAsked |= _response.Code == 100;
            await client.PassAsync(_response, PlacesOf(upstream.Key.Target));
            _response.Clear();
        }

        return interim == 0 ? false : throw new ProtocolException(Peer.Upstream, "closed within its answer");
    }
}
