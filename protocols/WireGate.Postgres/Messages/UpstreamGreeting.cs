using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>A value that the upstream reports. Borrowed from the message.</summary>
internal readonly ref struct ParameterStatus
{
    private ParameterStatus(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name = name;
        Value = value;
    }

    public ReadOnlySpan<byte> Name { get; }

    public ReadOnlySpan<byte> Value { get; }

    /// <exception cref="ProtocolException">Malformed.</exception>
    public static ParameterStatus Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        ReadOnlySpan<byte> name = reader.ReadCString();
        ReadOnlySpan<byte> value = reader.ReadCString();
        reader.End();
        return new ParameterStatus(name, value);
    }
}

/// <summary>With what the upstream's session can be cancelled. Borrowed from the message.</summary>
internal readonly ref struct BackendKeyData
{
    private BackendKeyData(int processId, ReadOnlySpan<byte> key)
    {
        ProcessId = processId;
        Key = key;
    }

    public int ProcessId { get; }

    /// <summary>4 to 256 bytes.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <exception cref="ProtocolException">Malformed, or a key out of bounds.</exception>
    public static BackendKeyData Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        int processId = reader.ReadInt32();
        ReadOnlySpan<byte> key = reader.ReadRest();
        if (!CancelKey.IsLegal(key.Length))
        {
            ProtocolException.Throw(Peer.Upstream, "a cancel key out of bounds");
        }

        return new BackendKeyData(processId, key);
    }
}

/// <summary>The version that an upstream speaks when it does not speak the one it was asked for.</summary>
/// <param name="Version">The whole version, 3 &lt;&lt; 16 | minor.</param>
/// <param name="UnknownOptions">How many of our protocol options it does not know.</param>
internal readonly record struct NegotiatedVersion(int Version, int UnknownOptions)
{
    /// <exception cref="ProtocolException">Malformed.</exception>
    public static NegotiatedVersion Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        int version = reader.ReadInt32();
        int count = reader.ReadInt32();

        // A name takes a byte at least, so the rest bounds what an upstream can make us count.
        if ((uint)count > (uint)reader.Remaining)
        {
            ProtocolException.Throw(Peer.Upstream, "a version negotiation that ends too early");
        }

        for (int i = 0; i < count; i++)
        {
            reader.ReadCString();
        }

        reader.End();
        return new NegotiatedVersion(version, count);
    }
}

/// <summary>Reads ReadyForQuery.</summary>
internal static class ReadyForQuery
{
    /// <exception cref="ProtocolException">Malformed, or a status that no PostgreSQL has.</exception>
    public static TransactionStatus Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        var status = (TransactionStatus)reader.ReadByte();
        reader.End();
        if (status is not (TransactionStatus.Idle or TransactionStatus.InTransaction or TransactionStatus.Failed))
        {
            ProtocolException.Throw(Peer.Upstream, "a transaction status that does not exist");
        }

        return status;
    }
}
