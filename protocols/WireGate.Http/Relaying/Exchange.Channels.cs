using System.Globalization;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes.Channels;

namespace WireGate.Http.Relaying;

/// <content>What goes over exec, attach and port-forward: recorded as people saw it, and counted.</content>
internal sealed partial class Exchange
{
    private const string Base64Suffix = "base64.channel.k8s.io";
    private const string ChannelSuffix = "channel.k8s.io";
    private const string TunnelledSpdy = "SPDY/3.1+portforward.k8s.io";

    private IRecording? _recording;
    private ChannelRecorder? _channels;
    private IChannelReader? _reader;

    /// <summary>Before it is made: what has to be kept, and cannot be, is not.</summary>
    private void BeginRecording()
    {
        if (Process.Recorder is { } recorder && !Head.Upgrade.IsEmpty && _request is { Kubernetes.Subresource: "exec" or "attach" } request && _recording is null)
        {
            bool hasTerminal = request.Query.Any(q => q is { Key: "tty", Value: not ("false" or "0") });
            _recording = recorder.Begin(Session, request, hasTerminal ? default(TerminalSize) : null);
        }
    }

    /// <summary>The upstream goes on with something else: whatever that carries is read from here on.</summary>
    /// <returns>Why it must not pass: it is recorded, and nobody could read it. Null: it may.</returns>
    private string? BeginChannels()
    {
        if (_request is not { Kubernetes: { Subresource: "exec" or "attach" or "portforward" } asked } request)
        {
            return null;
        }

        _channels = new ChannelRecorder(_recording);
        int[] ports = asked.Subresource != "portforward" ? []
            : [.. request.Query.Where(q => q.Key == "ports").SelectMany(q => q.Value.Split(',')).Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 0)];
        string protocol = _response.TryGet(FieldName.SecWebSocketProtocol, out ReadOnlySpan<byte> said) ? Encoding.ASCII.GetString(said) : ChannelSuffix;
        _reader = Head.Upgrade.SequenceEqual("SPDY/3.1"u8) ? new SpdyChannels(_channels)
            : protocol == TunnelledSpdy ? new TunnelledChannels(_channels)
            : protocol.EndsWith(ChannelSuffix, StringComparison.Ordinal)
                ? new WebSocketChannels(ports, protocol.EndsWith(Base64Suffix, StringComparison.Ordinal), _channels)
            : null;
        return _reader is null && _recording is not null ? "what it would go on with cannot be recorded" : null;
    }

    private Action<ReadOnlyMemory<byte>>? SeenOf(Peer from) => _reader is null ? null : data =>
    {
        try
        {
            _reader?.Read(from, data.Span);
        }
        catch (ProtocolException) when (_recording is null)
        {
            // Nobody asked for it; what was counted stays.
            _reader?.Dispose();
            _reader = null;
            _channels?.IsCut = true;
        }
    };

    private void EndChannels()
    {
        _reader?.Dispose();
        _recording?.Dispose();
        string? ports = _channels?.Ports;
        (_reader, _recording, _channels) = (null, null, null);
        try
        {
            if (ports is not null)
            {
                of.Log.Carried(Session, Head, _request!, _decision, ports);
            }
        }
        catch (AuditFailedException e)
        {
            Session.TryEnd(SessionEnd.AuditFailed, e.Message);
        }
    }
}
