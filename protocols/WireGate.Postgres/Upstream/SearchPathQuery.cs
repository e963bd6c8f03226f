using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// Asks a fresh session of the upstream where names without a schema are looked for: before PostgreSQL 18 it does not report that by
/// itself, and a role's or a database's own settings may have changed it.
/// </summary>
internal static class SearchPathQuery
{
    // Every name is qualified: a search_path that the client has set at startup cannot give it another meaning.
    private const string Text = "SELECT s FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s";

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
                        schemas.Add(ReadRow(input.BodySpan));
                        break;
                    case BackendMessage.ReadyForQuery:
                        return failed || ReadyForQuery.Read(input.BodySpan) != TransactionStatus.Idle
                            ? SqlSearchPath.Unknown
                            : SqlSearchPath.Of(schemas.ToImmutable());
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

    // Int16 columns | Int32 length | bytes
    private static string ReadRow(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        if (reader.ReadInt16() != 1)
        {
            Refuse();
        }

        string schema = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
        reader.End();
        return schema;
    }

    private static void Refuse() => ProtocolException.Throw(Peer.Upstream, "an answer to something else than its search_path");
}
