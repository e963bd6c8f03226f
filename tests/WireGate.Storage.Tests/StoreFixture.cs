using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Storage.Tests;

/// <summary>A store in a directory of its own.</summary>
public abstract class StoreFixture
{
    internal static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["dba"] };

    internal static readonly Identity Dba = new() { Issuer = Identity.UnixIssuer, Subject = "bob", Groups = ["dba", "b\"c"] };

    internal static readonly MintRequest Request = new() { Identity = Alice, MintedBy = Alice, Targets = ["orders"] };

    internal static readonly PlaceholderConfig Bounds = new();

    private string _directory = null!;

    internal string StorePath => Path.Join(_directory, "wiregate.db");

    internal ManualTime Time { get; private set; } = null!;

    internal SqlitePlaceholderStore Store { get; private set; } = null!;

    [SetUp]
    public void OpenStore()
    {
        _directory = Directory.CreateTempSubdirectory("wiregate-").FullName;
        Time = new ManualTime();
        Store = SqlitePlaceholderStore.Open(StorePath, Time);
    }

    [TearDown]
    public async Task CloseStore()
    {
        await Store.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    internal async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = SqlitePlaceholderStore.Open(StorePath, Time);
    }

    internal async Task<Placeholder> MintAsync(MintRequest request)
    {
        using MintedPlaceholder minted = await MintWithTokenAsync(request);
        return minted.Placeholder;
    }

    internal async Task<MintedPlaceholder> MintWithTokenAsync(MintRequest request)
    {
        MintResult result = await Store.MintAsync(request, Bounds, CancellationToken.None);
        Assert.That(result.Refusal, Is.Null);
        return result.Minted!;
    }

    /// <summary>An approval that waits.</summary>
    internal Approval Pending() => new()
    {
        Id = Approval.NewId(),
        State = ApprovalState.Pending,
        Version = 1,
        Request = new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = Alice,
            Placeholder = "p",
            MintedBy = Dba,
            Session = "s1",
            Target = "orders",
            Login = "rw",
            Protocol = "postgres",
            Database = "orders_db",
            Source = "10.0.0.1:5",
            Digest = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(),
            Key = Enumerable.Range(32, 32).Select(i => (byte)i).ToArray(),
            Display = "drop table \"böse\"",
            Context = new Dictionary<string, string> { ["search_path"] = "a, \"b\"" }.ToFrozenDictionary(),
            IsInTransaction = true,
            Rule = "writes",
            Config = "c0ffee",
            Terms = new HoldTerms([new ApproverTerms("unix", ["dba"], 2), new ApproverTerms(null, [], 1)], TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(3)),
            Reason = "why not",
        },
        Barred = [Alice, Dba],
        Created = Time.GetUtcNow(),
        PendingUntil = Time.GetUtcNow().AddMinutes(5),
    };

    internal Placeholder? Find(string id) => Store.Find(Encoding.ASCII.GetBytes(id));

    internal async Task<bool> TakeUseAsync(Placeholder placeholder) => await Store.TryTakeUseAsync(placeholder, CancellationToken.None);

    internal async Task<string[]> RevokeAsync(RevokeFilter filter) =>
        [.. (await Store.RevokeAsync(filter, CancellationToken.None)).Select(p => p.Id)];
}
