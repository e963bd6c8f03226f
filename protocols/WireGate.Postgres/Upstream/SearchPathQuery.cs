using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// Asks a fresh session of the upstream where names without a schema are looked for: before PostgreSQL 18 it does not report that by
/// itself, and a role's or a database's own settings may have changed it.
/// </summary>
internal static class SearchPathQuery
{
    // Every name is qualified: a search_path that the client has set at startup cannot give it another meaning. The setting itself is in
    // every row, and there is one even if no schema is: what it names may be made while the session lives.
    private const string Text =
        "SELECT s, pg_catalog.current_setting('search_path'), current_user " +
        "FROM pg_catalog.unnest(pg_catalog.array_append(pg_catalog.current_schemas(false), NULL::name)) AS s";

    // A path has a handful of schemas; nobody is to make us keep a flood of them.
    private const int Most = 1_000;

    /// <returns>Unknown if the upstream does not say: names without a schema may then mean any.</returns>
    /// <exception cref="ProtocolException">The upstream broke the protocol.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public static async ValueTask<SqlSearchPath> RunAsync(Connection upstream)
    {
        MessageWriter query = MessageWriter.Begin(upstream.Output, (byte)FrontendMessage.Query, MessageWriter.CStringLength(Text));
        query.CString(Text);
        query.End();
        await upstream.Output.FlushAsync(CancellationToken.None);

        var schemas = ImmutableArray.CreateBuilder<string>();
        List<string>? named = null;
        bool failed = false;
        var input = new HandshakeInput<UpstreamFramer>(upstream.Input);
        while (true)
        {
            if (!await input.NextAsync())
            {
                throw new IOException("closed while it was asked for its search_path");
            }

            try
            {
                switch ((BackendMessage)input.Kind)
                {
                    case BackendMessage.DataRow when schemas.Count < Most:
                        named = ReadRow(input.BodySpan, schemas);
                        failed |= named is null;
                        break;
                    case BackendMessage.ReadyForQuery:
                        return failed || ReadyForQuery.Read(input.BodySpan) != TransactionStatus.Idle
                            ? SqlSearchPath.Unknown
                            : SqlSearchPath.Of(schemas.ToImmutable(), [.. named ?? []]);
                    case BackendMessage.DataRow:
                    case BackendMessage.ErrorResponse:
                        failed = true;
                        break;
                    case BackendMessage.RowDescription:
                    case BackendMessage.CommandComplete:
                    case BackendMessage.NoticeResponse:
                    case BackendMessage.NotificationResponse:
                    case BackendMessage.ParameterStatus:
                        break;
                    default:
                        Refuse();
                        break;
                }
            }
            finally
            {
                input.Release();
            }
        }
    }

    // Int16 columns | Int32 length | bytes of each
    private static List<string>? ReadRow(ReadOnlySpan<byte> body, ImmutableArray<string>.Builder schemas)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        if (reader.ReadInt16() != 3)
        {
            Refuse();
        }

        if (ReadText(ref reader) is { } schema)
        {
            schemas.Add(schema);
        }

        string? setting = ReadText(ref reader), user = ReadText(ref reader);
        reader.End();
        return setting is not null && user is not null && QuotedNames.TryReadList(setting, out List<string> names, isWritten: true)
            ? names.ConvertAll(n => n == "$user" ? user : n) : null;
    }

    private static string? ReadText(ref PostgresReader reader)
    {
        int length = reader.ReadInt32();
        return length < 0 ? null : Encoding.UTF8.GetString(reader.ReadBytes(length));
    }

    private static void Refuse() => ProtocolException.Throw(Peer.Upstream, "an answer to something else than its search_path");
}
