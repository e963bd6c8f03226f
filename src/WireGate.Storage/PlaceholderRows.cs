using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Storage;

/// <summary>Placeholders as rows: lists and claims as JSON, moments and durations in milliseconds.</summary>
internal static class PlaceholderRows
{
    private const string Columns = """
        id, issuer, subject, groups, targets, login, sources, not_before, expires, session, uses_left, parent,
        minter_issuer, minter_subject, minter_groups, minted, revoked, hash, salt, iterations, stored_key, server_key, claims
        """;

    internal static List<Placeholder> ReadAll(SqliteDatabase database) => database.Query($"SELECT {Columns} FROM placeholders", Read);

    internal static void Insert(SqliteDatabase database, Placeholder p) => database.Execute(
        $"""
        INSERT INTO placeholders ({Columns}) VALUES (
            @id, @issuer, @subject, @groups, @targets, @login, @sources, @not_before, @expires, @session, @uses_left, @parent,
            @minter_issuer, @minter_subject, @minter_groups, @minted, @revoked, @hash, @salt, @iterations, @stored_key, @server_key, @claims)
        """,
        ("@id", p.Id),
        ("@issuer", p.Identity.Issuer),
        ("@subject", p.Identity.Subject),
        ("@groups", ToJson(p.Identity.Groups)),
        ("@targets", ToJson(p.Targets)),
        ("@login", p.Login),
        ("@sources", ToJson([.. p.Sources.Select(s => s.ToString())])),
        ("@not_before", p.NotBefore.ToUnixTimeMilliseconds()),
        ("@expires", p.Expires.ToUnixTimeMilliseconds()),
        ("@session", (long?)p.SessionLifetime?.TotalMilliseconds),
        ("@uses_left", p.UsesLeft),
        ("@parent", p.Parent),
        ("@minter_issuer", p.MintedBy.Issuer),
        ("@minter_subject", p.MintedBy.Subject),
        ("@minter_groups", ToJson(p.MintedBy.Groups)),
        ("@minted", p.Minted.ToUnixTimeMilliseconds()),
        ("@revoked", p.Revoked?.ToUnixTimeMilliseconds()),
        ("@hash", p.Proof.Hash.ToArray()),
        ("@salt", p.Proof.Salt.ToArray()),
        ("@iterations", p.Proof.Iterations),
        ("@stored_key", p.Proof.StoredKey.ToArray()),
        ("@server_key", p.Proof.ServerKey.ToArray()),
        ("@claims", JsonSerializer.Serialize<IReadOnlyDictionary<string, string>>(p.Identity.Claims)));

    /// <summary>Takes one of a limited number of uses.</summary>
    /// <returns>False: there was none to take.</returns>
    internal static bool TakeUse(SqliteDatabase database, string id, DateTimeOffset now) => database.Execute(
        """
        UPDATE placeholders SET uses_left = uses_left - 1
        WHERE id = @id AND uses_left > 0 AND revoked IS NULL AND not_before <= @now AND expires > @now
        """,
        ("@id", id),
        ("@now", now.ToUnixTimeMilliseconds())) == 1;

    internal static void Revoke(SqliteDatabase database, string id, DateTimeOffset now) => database.Execute(
        "UPDATE placeholders SET revoked = @now WHERE id = @id AND revoked IS NULL",
        ("@id", id),
        ("@now", now.ToUnixTimeMilliseconds()));

    internal static void Delete(SqliteDatabase database, string id) => database.Execute("DELETE FROM placeholders WHERE id = @id", ("@id", id));

    private static Placeholder Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Identity = new Identity
        {
            Issuer = row.GetString(1),
            Subject = row.GetString(2),
            Groups = FromJson(row.GetString(3)),
            Claims = JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(22))!.ToFrozenDictionary(StringComparer.Ordinal),
        },
        Targets = FromJson(row.GetString(4)),
        Login = row.IsDBNull(5) ? null : row.GetString(5),
        Sources = [.. FromJson(row.GetString(6)).Select(s => IPNetwork.Parse(s))],
        NotBefore = Moment(row.GetInt64(7)),
        Expires = Moment(row.GetInt64(8)),
        SessionLifetime = row.IsDBNull(9) ? null : TimeSpan.FromMilliseconds(row.GetInt64(9)),
        UsesLeft = row.IsDBNull(10) ? null : checked((int)row.GetInt64(10)),
        Parent = row.IsDBNull(11) ? null : row.GetString(11),
        MintedBy = new Identity { Issuer = row.GetString(12), Subject = row.GetString(13), Groups = FromJson(row.GetString(14)) },
        Minted = Moment(row.GetInt64(15)),
        Revoked = row.IsDBNull(16) ? null : Moment(row.GetInt64(16)),
        Proof = new PlaceholderProof(
            Bytes(row, 17, ScramSha256.KeyLength),
            Bytes(row, 18, PlaceholderProver.SaltLength),
            checked((int)row.GetInt64(19)),
            Bytes(row, 20, ScramSha256.KeyLength),
            Bytes(row, 21, ScramSha256.KeyLength)),
    };

    // A key of the wrong length would be compared as it is, and a short one guessed.
    private static byte[] Bytes(SqliteDataReader row, int column, int length) =>
        row.GetValue(column) is byte[] bytes && bytes.Length == length ? bytes : throw new FormatException($"column {column}");

    private static DateTimeOffset Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static string ToJson(ImmutableArray<string> list) => JsonSerializer.Serialize(list);

    private static ImmutableArray<string> FromJson(string json) => JsonSerializer.Deserialize<ImmutableArray<string>>(json);
}
