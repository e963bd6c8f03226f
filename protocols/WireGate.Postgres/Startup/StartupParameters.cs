using System.Text;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Startup;

/// <summary>
/// The parameters of a startup message, as PostgreSQL reads them: names of the protocol's own parameters are matched by case, the last
/// of equal names wins. Borrowed from the packet.
/// </summary>
internal sealed class StartupParameters
{
    private readonly List<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> _settings = [];
    private readonly List<ReadOnlyMemory<byte>> _protocolOptions = [];
    private ReadOnlyMemory<byte>? _database;
    private ReadOnlyMemory<byte> _options;
    private ReadOnlyMemory<byte>? _replication;

    private StartupParameters()
    {
    }

    /// <summary>Never empty. May be or hold a placeholder: see <see cref="UserName"/>.</summary>
    public ReadOnlyMemory<byte> User { get; private set; }

    /// <summary>The database; the user name where none is named, as in PostgreSQL.</summary>
    public ReadOnlyMemory<byte> Database => _database is { Length: > 0 } named ? named : User;

    /// <summary>Names of the protocol options (<c>_pq_.*</c>) asked for, none of which the gateway knows.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ProtocolOptions => _protocolOptions;

    // (String name, not empty | String value) repeated | Byte1 0
    /// <exception cref="ProtocolException">Malformed, or without a user.</exception>
    public static StartupParameters Read(ReadOnlyMemory<byte> body)
    {
        var parameters = new StartupParameters();
        int at = 0;
        while (true)
        {
            ReadOnlyMemory<byte> name = ReadCString(body, ref at);
            if (name.IsEmpty)
            {
                break;
            }

            parameters.Take(name, ReadCString(body, ref at));
        }

        if (at != body.Length)
        {
            ProtocolException.Throw(Peer.Client, "bytes behind the end of a startup message");
        }

        if (parameters.User.IsEmpty)
        {
            ProtocolException.Throw(Peer.Client, "a startup message without a user name");
        }

        return parameters;
    }

    /// <summary>Judges everything that the client wants set from the first moment on.</summary>
    /// <param name="allowed">Names that may be set.</param>
    public StartupJudgement Judge(AllowedParameters allowed)
    {
        ReplicationMode replication = ReplicationMode.None;
        if (_replication is { } value && !Replication.TryParse(value.Span, out replication))
        {
            return StartupJudgement.Refused("replication");
        }

        // PostgreSQL applies `options` first and the parameters after it, so that the latter win.
        if (!StartupOptions.TryParse(_options.Span, out List<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> wanted))
        {
            return StartupJudgement.Refused("options");
        }

        wanted.AddRange(_settings);
        var settings = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach ((ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> text) in wanted)
        {
            if (!allowed.TryFind(name.Span, out string? canonical))
            {
                return StartupJudgement.Refused(Printable(name.Span));
            }

            settings[canonical] = text;
        }

        return StartupJudgement.Allowed([.. settings.Select(s => new StartupSetting(s.Key, s.Value))], replication);
    }

    private static ReadOnlyMemory<byte> ReadCString(ReadOnlyMemory<byte> body, ref int at)
    {
        int length = body.Span[at..].IndexOf((byte)0);
        if (length < 0)
        {
            ProtocolException.Throw(Peer.Client, "a startup message without its terminator");
        }

        ReadOnlyMemory<byte> text = body.Slice(at, length);
        at += length + 1;
        return text;
    }

    // A name is shown in the refusal and in the audit log: never one that could be a mistyped placeholder or a terminal's escape.
    private static string Printable(ReadOnlySpan<byte> name)
    {
        const int NameDataLength = 64;
        if (name.Length >= NameDataLength || name.IndexOf(UserName.TokenPrefix) >= 0)
        {
            return "?";
        }

        foreach (byte b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'_' or (byte)'.' or (byte)'-'))
            {
                return "?";
            }
        }

        return Encoding.ASCII.GetString(name);
    }

    private void Take(ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value)
    {
        ReadOnlySpan<byte> text = name.Span;
        if (text.SequenceEqual("user"u8))
        {
            User = value;
        }
        else if (text.SequenceEqual("database"u8))
        {
            _database = value;
        }
        else if (text.SequenceEqual("options"u8))
        {
            _options = value;
        }
        else if (text.SequenceEqual("replication"u8))
        {
            _replication = value;
        }
        else if (text.StartsWith("_pq_."u8))
        {
            _protocolOptions.Add(name);
        }
        else
        {
            _settings.Add(new(name, value));
        }
    }
}
