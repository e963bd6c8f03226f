using System.Globalization;
using Microsoft.Extensions.Logging;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Access;

/// <summary>
/// What was refused to whom. The first few of a user are recorded one by one, the rest counted: whoever may connect to the socket
/// can be refused hundreds of times a second, which must be seen in the logs and must not fill the disk.
/// </summary>
internal sealed class Refusals : IDisposable
{
    /// <summary>Between two summaries.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Of one user, in one interval, recorded one by one. Ours: somebody who tries what they may not, by hand.</summary>
    public const int OneByOne = 5;

    /// <summary>Users told apart in one interval; the rest are counted together. Ours: one person can own thousands of uids (subuid).</summary>
    public const int MostUsers = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Tally> _tallies = [];
    private readonly AdminDependencies _daemon;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private long _others;

    /// <param name="daemon">Its audit log gets the records, its logger the lines.</param>
    public Refusals(AdminDependencies daemon)
    {
        _daemon = daemon;
        _logger = daemon.Loggers.CreateLogger<AdminServer>();
        _timer = daemon.Time.CreateTimer(static r => ((Refusals)r!).Summarize(), this, Interval, Interval);
    }

    /// <summary>Records a refused request, on disk before this completes if it would have changed something; or counts it.</summary>
    public async ValueTask RecordAsync(GatewayConfig config, AdminCaller caller, AdminVerb verb)
    {
        if (!TakeOne(caller.Peer.UserId, caller.UserName))
        {
            return;
        }

        string name = AdminAccess.Name(verb);
        _logger.AdminRefused(name, caller.ToString());
        if (verb != AdminVerb.None && AdminAccess.Changes(verb))
        {
            await _daemon.Audit.WhenDurableAsync(_daemon.Audit.Append(new AuditEvent(AuditEventKind.AdminAction)
            {
                Actor = caller.Identity,
                Source = caller.ToString(),
                Config = config.Version,
                Detail = $"{name}: refused",
            }));
        }
    }

    /// <summary>Counts a connection that was one too many.</summary>
    public void Count(uint userId, string? userName)
    {
        lock (_lock)
        {
            if (TallyOf(userId, userName) is { } tally)
            {
                tally.Counted++;
            }
        }
    }

    /// <summary>Writes what is still to be written.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Summarize();
    }

    /// <summary>Whether this one is to be recorded by itself; otherwise it is counted.</summary>
    private bool TakeOne(uint userId, string? userName)
    {
        lock (_lock)
        {
            if (TallyOf(userId, userName) is not { } tally)
            {
                return false;
            }

            if (tally.Recorded < OneByOne)
            {
                tally.Recorded++;
                return true;
            }

            tally.Counted++;
            return false;
        }
    }

    /// <summary>Null: there are too many users, and this one is counted among the others.</summary>
    private Tally? TallyOf(uint userId, string? userName)
    {
        if (_tallies.TryGetValue(userId, out Tally? tally))
        {
            return tally;
        }

        if (_tallies.Count >= MostUsers)
        {
            _others++;
            return null;
        }

        return _tallies[userId] = new Tally(userName);
    }

    private void Summarize()
    {
        KeyValuePair<uint, Tally>[] tallies;
        long others;
        lock (_lock)
        {
            tallies = [.. _tallies.Where(t => t.Value.Counted > 0)];
            others = _others;
            _tallies.Clear();
            _others = 0;
        }

        try
        {
            GatewayConfig config = _daemon.Config();
            foreach ((uint userId, Tally tally) in tallies)
            {
                string caller = string.Create(CultureInfo.InvariantCulture, $"{tally.UserName ?? "(no name)"}, uid {userId}");
                Write(config, new AuditEvent(AuditEventKind.AdminAction) { Actor = UnixIdentities.ForRecord(config, userId, tally.UserName) }, caller, tally.Counted);
            }

            if (others > 0)
            {
                Write(config, new AuditEvent(AuditEventKind.AdminAction), "many other users", others);
            }
        }
        catch (AuditFailedException e)
        {
            _logger.AdminRefusalsNotAudited(e);
        }
    }

    private void Write(GatewayConfig config, AuditEvent fact, string caller, long count)
    {
        _logger.AdminRefusedMore(count, caller);
        _daemon.Audit.Append(fact with
        {
            Source = caller,
            Config = config.Version,
            Detail = string.Create(CultureInfo.InvariantCulture, $"{count} more requests and connections: refused"),
        });
    }

    private sealed class Tally(string? userName)
    {
        public string? UserName => userName;

        public int Recorded { get; set; }

        public long Counted { get; set; }
    }
}
