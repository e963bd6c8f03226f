using System.Buffers;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Authentication;

/// <summary>What a client presents. The answer to what was asked decides how the bytes are read; they do not say it themselves.</summary>
internal static class ClientResponses
{
    /// <summary>PasswordMessage: one string. Empty when the client has no password.</summary>
    /// <param name="body">The message; borrowed, and holding the secret until its buffer is reused.</param>
    /// <exception cref="ProtocolException">Malformed.</exception>
    public static Secret ReadPassword(in ReadOnlySequence<byte> body)
    {
        using Secret whole = Copy(body);
        var reader = new PostgresReader(Peer.Client, whole.Span);
        ReadOnlySpan<byte> password = reader.ReadCString();
        reader.End();
        return Secret.CopyOf(password);
    }

    /// <summary>SASLInitialResponse: String mechanism | Int32 length | that many bytes, which SCRAM requires.</summary>
    /// <param name="body">The message; the results are borrowed from it.</param>
    /// <param name="mechanism">What the client chose; not yet known to be one that was offered.</param>
    /// <param name="response">The client's first message.</param>
    /// <exception cref="ProtocolException">Malformed, or without a response.</exception>
    public static void ReadSaslInitial(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> mechanism, out ReadOnlySpan<byte> response)
    {
        var reader = new PostgresReader(Peer.Client, body);
        mechanism = reader.ReadCString();
        response = reader.ReadBytes(reader.ReadInt32());
        reader.End();
    }

    private static Secret Copy(in ReadOnlySequence<byte> body) =>
        Secret.Create((int)body.Length, body, static (bytes, source) => source.CopyTo(bytes));
}
