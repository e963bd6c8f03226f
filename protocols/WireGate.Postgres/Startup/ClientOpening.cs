using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;

namespace WireGate.Postgres.Startup;

/// <summary>
/// A connection up to its startup message: encryption is asked for, at most once each, and before anything else. What lies in the
/// buffer behind a request for encryption was sent by somebody who could not yet know the answer: it is refused, never carried into
/// the encrypted session (CVE-2021-23214).
/// </summary>
internal static class ClientOpening
{
    /// <summary>The registered ALPN name of PostgreSQL's protocol.</summary>
    public const string ApplicationProtocol = "postgresql";

    private const byte TlsHandshakeRecord = 0x16;

    /// <summary>Reads up to the startup message or the cancel request; replaces the session's client by the protected connection.</summary>
    /// <returns>The packet, owned by the caller; null: the peer closed, as a health check does.</returns>
    /// <exception cref="ProtocolException">The client broke the protocol.</exception>
    public static async ValueTask<StartupPacket?> RunAsync(Session session, ServerTls? tls)
    {
        bool askedForTls = false;
        bool askedForGss = false;
        if (await FirstByteAsync(session.Client.Input) == TlsHandshakeRecord)
        {
            if (tls is null)
            {
                ProtocolException.Throw(Peer.Client, "a TLS handshake on a listener without TLS");
            }

            await AcceptTlsAsync(session, tls);
            if (session.Client.Tls!.ApplicationProtocol != ApplicationProtocol)
            {
                // Without it another protocol's client could be made to speak to us (ALPACA); PostgreSQL refuses it too.
                ProtocolException.Throw(Peer.Client, "a direct TLS connection without ALPN");
            }

            askedForTls = true;
        }

        while (true)
        {
            StartupPacket? packet = await ReadAsync(session.Client.Input);
            switch (packet?.Kind)
            {
                case StartupKind.SslRequest:
                    packet.Dispose();
                    Once(ref askedForTls, "an SSLRequest that comes too late or twice");
                    RequireNothingBehind(session.Client.Input);
                    await AnswerAsync(session.Client.Output, tls is null ? (byte)'N' : (byte)'S');
                    if (tls is not null)
                    {
                        await AcceptTlsAsync(session, tls);
                    }

                    break;
                case StartupKind.GssEncRequest:
                    packet.Dispose();
                    if (session.Client.Tls is not null)
                    {
                        ProtocolException.Throw(Peer.Client, "a GSSENCRequest inside TLS");
                    }

                    Once(ref askedForGss, "a second GSSENCRequest");
                    RequireNothingBehind(session.Client.Input);
                    await AnswerAsync(session.Client.Output, (byte)'N');
                    break;
                default:
                    return packet;
            }
        }
    }

    /// <summary>Whether a password may come in clear: TLS, a Unix socket, or this machine itself.</summary>
    public static bool IsProtected(Connection client) =>
        client.Tls is not null || client.Remote is null || (client.Remote is IPEndPoint remote && IPAddress.IsLoopback(remote.Address));

    private static async ValueTask AcceptTlsAsync(Session session, ServerTls tls)
    {
        try
        {
            session.Client = await TlsConnection.AcceptAsync(session.Client, tls.Options, session.HandshakeToken);
        }
        catch (ProtocolException e)
        {
            // The alert was the answer. Once encryption was promised, nothing is said in clear any more: a client that reads it anyway
            // would believe whoever sits in between (CVE-2024-10977).
            session.TryEnd(SessionEnd.ClientBrokeProtocol, e.Message);
            throw;
        }
    }

    private static async ValueTask AnswerAsync(PipeWriter output, byte answer)
    {
        output.GetSpan(1)[0] = answer;
        output.Advance(1);
        await output.FlushAsync(CancellationToken.None);
    }

    private static void Once(ref bool asked, string violation)
    {
        if (asked)
        {
            ProtocolException.Throw(Peer.Client, violation);
        }

        asked = true;
    }

    private static void RequireNothingBehind(PipeReader input)
    {
        if (!input.TryRead(out ReadResult result))
        {
            return;
        }

        bool stuffed = !result.Buffer.IsEmpty;
        input.AdvanceTo(result.Buffer.Start);
        if (stuffed)
        {
            ProtocolException.Throw(Peer.Client, "bytes sent before the answer to a request for encryption");
        }
    }

    private static async ValueTask<byte?> FirstByteAsync(PipeReader input)
    {
        ReadResult result = await input.ReadAsync(CancellationToken.None);
        byte? first = result.Buffer.IsEmpty ? null : result.Buffer.FirstSpan[0];
        input.AdvanceTo(result.Buffer.Start);
        return first;
    }

    private static async ValueTask<StartupPacket?> ReadAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None);
            ReadOnlySequence<byte> buffer = result.Buffer;
            SequencePosition consumed = buffer.Start;
            bool complete = false;
            try
            {
                complete = StartupPacket.TryRead(buffer, out StartupPacket? packet, out consumed);
                if (complete)
                {
                    Zero(buffer.Slice(0, consumed));
                    return packet;
                }
            }
            finally
            {
                input.AdvanceTo(consumed, complete ? consumed : buffer.End);
            }

            if (result.IsCompleted)
            {
                if (!buffer.IsEmpty)
                {
                    ProtocolException.Throw(Peer.Client, "the connection closed within its startup packet");
                }

                return null;
            }
        }
    }

    /// <summary>A user name may be a placeholder: it does not stay behind in a buffer.</summary>
    private static void Zero(ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> part in bytes)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(part).Span);
        }
    }
}
