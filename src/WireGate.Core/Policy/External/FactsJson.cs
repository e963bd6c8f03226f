using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy.External;

/// <summary>The facts of an operation and its session as JSON: what rules see, and what a decision point elsewhere is asked with.</summary>
public static class FactsJson
{
    /// <summary>Writes one object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="session">The session's facts.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="own">What the rules here have decided.</param>
    /// <param name="now">The moment.</param>
    public static void Write(Utf8JsonWriter json, SessionFacts session, Operation operation, in Decision own, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(session);
        json.WriteStartObject();
        json.WriteString("time", now.UtcDateTime);
        json.WriteStartObject("identity");
        json.WriteString("issuer", session.Identity.Issuer);
        json.WriteString("subject", session.Identity.Subject);
        Write(json, "groups", session.Identity.Groups);
        json.WriteStartObject("claims");
        foreach ((string name, string value) in session.Identity.Claims)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("session");
        json.WriteString("target", session.Target.Name);
        json.WriteString("protocol", session.Target.Protocol);
        json.WriteStartObject("labels");
        foreach ((string name, string value) in session.Target.Labels)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteString("login", session.Login);
        json.WriteString("grant", session.Grant);
        json.WriteString("placeholder", session.Placeholder);
        json.WriteString("source", session.Source?.ToString());
        json.WriteString("database", session.Database);
        json.WriteString("application", session.Application);
        json.WriteString("method", session.Method);
        json.WriteBoolean("tls", session.IsTls);
        json.WriteEndObject();
        json.WriteStartObject("decision");
        json.WriteString("verdict", Word(own.Verdict));
        json.WriteString("rule", own.Rule);
        json.WriteString("config", own.Config);
        json.WriteEndObject();
        if (operation is SqlOperation sql)
        {
            Write(json, sql);
        }
        else if (operation is SshOperation ssh)
        {
            SshFactsJson.Write(json, ssh);
        }
        else if (operation is HttpOperation http)
        {
            HttpFactsJson.Write(json, http);
        }

        json.WriteEndObject();
        json.Flush();
    }

    private static void Write(Utf8JsonWriter json, SqlOperation operation)
    {
        json.WriteStartObject("sql");
        if (operation.SearchPath.IsKnown)
        {
            Write(json, "searchPath", operation.SearchPath.Schemas);
        }

        json.WriteStartArray("statements");
        foreach (SqlStatementFacts statement in operation.Facts.Statements)
        {
            json.WriteStartObject();
            Write(json, "kinds", statement.Kinds);
            json.WriteStartArray("accesses");
            foreach (SqlAccess access in statement.Accesses)
            {
                json.WriteStartObject();
                json.WriteString("effect", access.Effect.ToString().ToLowerInvariant());
                json.WriteString("schema", access.Relation?.Schema);
                json.WriteString("relation", access.Relation?.Name);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Write(json, "columns", statement.Columns.Select(c => c.ToString()));
            Write(json, "functions", statement.Functions.Select(f => f.ToString()));
            Write(json, "unknownFunctions", statement.UnknownFunctions.Select(f => f.ToString()));
            json.WriteBoolean("hasWhere", statement.HasWhere);
            json.WriteString("unknown", statement.Unknown);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();
}
