using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Transport;

/// <summary>
/// The identification strings: RFC 4253 section 4.2. <c>SSH-protoversion-softwareversion SP comments CR LF</c>, at most 255 bytes. What
/// counts for the exchange hash is the line as it was sent, without CR and LF.
/// </summary>
internal static class VersionLine
{
    /// <summary>Ours: no other product's, whose quirks peers would allow for.</summary>
    internal static ReadOnlySpan<byte> Ours => "SSH-2.0-WireGate_0.1"u8;

    private const int MostBytes = 255;

    // A server may send other lines first. OpenSSH takes 1,024 of 8,192 bytes; nobody was seen to need more than a screen.
    private const int MostLines = 1024;
    private const int MostOtherBytes = 64 * 1024;

    /// <summary>Looks for the peer's line.</summary>
    /// <param name="peer">Whose. Only an upstream may send other lines first.</param>
    /// <param name="received">What has arrived.</param>
    /// <param name="line">The line, without its end.</param>
    /// <param name="consumed">Bytes up to the end of the line.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="ProtocolException">It does not speak SSH 2.0.</exception>
    public static bool TryRead(Peer peer, in ReadOnlySequence<byte> received, out byte[] line, out long consumed)
    {
        line = [];
        consumed = 0;
        var reader = new SequenceReader<byte>(received);
        for (int lines = 0; ; lines++)
        {
            if (lines == MostLines || reader.Consumed > MostOtherBytes)
            {
                ProtocolException.Throw(peer, "too many lines before the version line");
            }

            long start = reader.Consumed;
            ReadOnlySequence<byte> rest = received.Slice(start);
            bool isVersion = StartsWithSsh(rest, out bool isUndecided);
            if (!isVersion && !isUndecided && peer == Peer.Client)
            {
                ProtocolException.Throw(peer, "it does not speak SSH");
            }

            if (!reader.TryReadTo(out ReadOnlySequence<byte> one, (byte)'\n'))
            {
                if (rest.Length > (isVersion ? MostBytes : MostOtherBytes))
                {
                    ProtocolException.Throw(peer, "a version line that is too long");
                }

                return false;
            }

            if (isVersion)
            {
                consumed = reader.Consumed;
                line = Checked(peer, one);
                return true;
            }
        }
    }

    private static bool StartsWithSsh(in ReadOnlySequence<byte> bytes, out bool isUndecided)
    {
        Span<byte> start = stackalloc byte[4];
        int length = (int)Math.Min(start.Length, bytes.Length);
        bytes.Slice(0, length).CopyTo(start);
        bool isPrefix = "SSH-"u8.StartsWith(start[..length]);
        isUndecided = isPrefix && length < start.Length;
        return isPrefix && length == start.Length;
    }

    private static byte[] Checked(Peer peer, in ReadOnlySequence<byte> line)
    {
        byte[] text = line.ToArray();
        text = text is [.., (byte)'\r'] ? text[..^1] : text;
        if (text.Length > MostBytes - 2 || text.AsSpan().ContainsAny((byte)0, (byte)'\r'))
        {
            ProtocolException.Throw(peer, "a version line that is too long, or holds bytes that none has");
        }

        // 1.99 is a server that speaks 2.0 and the version before it: RFC 4253 section 5.1.
        if (!text.AsSpan().StartsWith("SSH-2.0-"u8) && !(peer == Peer.Upstream && text.AsSpan().StartsWith("SSH-1.99-"u8)))
        {
            SshProtocolException.Throw(peer, DisconnectReason.SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED, "it does not speak SSH 2.0");
        }

        return text;
    }
}
