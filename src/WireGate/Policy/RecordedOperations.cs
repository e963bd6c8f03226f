using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Policy;

/// <summary>An operation as the audit log has it.</summary>
/// <param name="Time">When it was asked for.</param>
/// <param name="Session">Id of its session.</param>
/// <param name="Question">The question that it was; null: the log does not have all that is needed to ask it again.</param>
/// <param name="Verdict">What was decided.</param>
/// <param name="Rule">By which rule; null: the default.</param>
/// <param name="IsAssumed">The log does not tell whether its session came over TLS, and as which application: TLS and none are assumed.</param>
internal sealed record RecordedOperation(DateTimeOffset Time, string Session, PolicyQuestion? Question, Verdict Verdict, string? Rule, bool IsAssumed);

/// <summary>Reads the operations of an audit log, each with the facts of its session.</summary>
internal static class RecordedOperations
{
    /// <summary>All operations, chain by chain.</summary>
    /// <param name="directory">Of the audit log.</param>
    public static IEnumerable<RecordedOperation> Read(string directory)
    {
        var sessions = new Dictionary<string, RecordedSession>(StringComparer.Ordinal);
        foreach (AuditRecord record in AuditReader.Read(directory))
        {
            using JsonDocument document = JsonDocument.Parse(record.Payload);
            JsonElement fact = document.RootElement;
            if (Text(fact, "session") is not { } session)
            {
                continue;
            }

            switch (Text(fact, "event"))
            {
                case "session-authenticated":
                    sessions[session] = RecordedSession.Of(fact);
                    break;
                case "statement" when sessions.TryGetValue(session, out RecordedSession? of):
                    of.Learn(fact);
                    break;
                case "operation" when sessions.TryGetValue(session, out RecordedSession? of):
                    of.Learn(fact);
                    if (!of.IsOutcome(fact))
                    {
                        yield return new RecordedOperation(record.Time, session, of.Ask(fact, record.Time), VerdictOf(fact), Text(fact, "rule"), of.IsAssumed);
                    }

                    break;
                case "session-ended":
                    sessions.Remove(session);
                    break;
                default:
                    break;
            }
        }
    }

    private static string? Text(JsonElement fact, string name) =>
        fact.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Verdict VerdictOf(JsonElement fact) => Text(fact, "verdict") switch
    {
        "allow" => Verdict.Allow,
        "hold" => Verdict.Hold,
        _ => Verdict.Deny,
    };

    private sealed class RecordedSession
    {
        private static readonly string[] Told =
        [
            "exec", "copy", "shell", "subsystem", "forward", "sftp", "operations", "paths", "pty", "sha256", "request", "of", "method", "host", "path", "query", "patch",
        ];

        private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
        private readonly List<string> _held = [];

        public required PolicyQuestion Asks { get; init; }

        public required bool IsAssumed { get; init; }

        public static RecordedSession Of(JsonElement fact)
        {
            JsonElement identity = fact.GetProperty("identity");
            bool? isTls = fact.TryGetProperty("tls", out JsonElement tls) && tls.ValueKind is JsonValueKind.True or JsonValueKind.False ? tls.GetBoolean() : null;
            return new RecordedSession
            {
                IsAssumed = isTls is null,
                Asks = new PolicyQuestion
                {
                    Issuer = Text(identity, "issuer") ?? Identity.LocalIssuer,
                    Subject = Text(identity, "subject") ?? "",
                    Groups = identity.TryGetProperty("groups", out JsonElement groups) ? [.. groups.EnumerateArray().Select(g => g.GetString()!)] : ImmutableArray<string>.Empty,
                    Claims = identity.TryGetProperty("claims", out JsonElement claims)
                        ? claims.EnumerateObject().ToFrozenDictionary(c => c.Name, c => c.Value.GetString()!, StringComparer.Ordinal)
                        : FrozenDictionary<string, string>.Empty,
                    Target = Text(fact, "target") ?? "",
                    Login = Text(fact, "login"),
                    Database = Text(fact, "database"),
                    Application = Text(fact, "application"),
                    IsTls = isTls ?? true,
                    Source = IPEndPoint.TryParse(Text(fact, "source") ?? "", out IPEndPoint? source) ? source.Address : null,
                    Sql = "",
                },
            };
        }

        /// <summary>
        /// Whether it is what became of an operation that was held, and so was counted then. What passes without an approval was not waiting.
        /// </summary>
        public bool IsOutcome(JsonElement fact)
        {
            string what = What(fact);
            if (VerdictOf(fact) == Verdict.Hold)
            {
                _held.Add(what);
                return false;
            }

            return (VerdictOf(fact) == Verdict.Deny || Text(fact, "approval") is not null) && _held.Remove(what);
        }

        // A statement by its digest; of SSH and HTTP, where several may wait at once, by all that is said of it.
        private static string What(JsonElement fact) => Text(fact, "statement")
            ?? string.Join('\0', fact.EnumerateObject().Where(p => Told.Contains(p.Name)).Select(p => $"{p.Name}\0{p.Value}"));

        /// <summary>A text is written once, and then meant by its digest.</summary>
        public void Learn(JsonElement fact)
        {
            if (Text(fact, "statement") is { } digest && Text(fact, "sql") is { } sql && !fact.TryGetProperty("sqlBytes", out _))
            {
                _texts[digest] = sql;
            }
        }

        public PolicyQuestion? Ask(JsonElement fact, DateTimeOffset time)
        {
            if (SshQuestions.OfRecord(fact) is { } ssh)
            {
                return Asks with { Ssh = ssh, At = time };
            }

            if (HttpQuestions.OfRecord(fact) is { } http)
            {
                return Asks with { Http = http, HasHeaders = false, At = time };
            }

            if (Text(fact, "statement") is not { } digest || !_texts.TryGetValue(digest, out string? sql))
            {
                return null;
            }

            return Asks with
            {
                Sql = sql,
                At = time,
                SearchPath = Text(fact, "searchPath") is { } path
                    ? SqlSearchPath.Of([.. path.Split(", ", StringSplitOptions.RemoveEmptyEntries)])
                    : SqlSearchPath.Unknown,
            };
        }
    }
}
