using System.Runtime.InteropServices;

namespace WireGate.Identities.Unix;

/// <summary>Users and groups of this machine. A look-up may ask a directory over the network: never on an event loop.</summary>
public static unsafe partial class UnixAccounts
{
    // sysconf(_SC_GETPW_R_SIZE_MAX) is 1 KiB on Linux. A group's record lists its members; nobody needs one of more than 1 MiB here.
    private const int FirstBuffer = 1024;
    private const int LargestBuffer = 1024 * 1024;

    // errno(3): the same on every Linux.
    private const int EINTR = 4;
    private const int ERANGE = 34;

    /// <summary>The effective user id of this process.</summary>
    public static uint CurrentUserId => GetEffectiveUserId();

    /// <summary>The name of a user id.</summary>
    /// <returns>Null: nobody has it, or it cannot be looked up. Whoever decides by name must then refuse.</returns>
    public static string? FindUserName(uint userId)
    {
        string? name = null;
        return TryLookUp((buffer, size) =>
        {
            Passwd record;
            Passwd* found;
            int error = GetUser(userId, &record, (byte*)buffer, (nuint)size, &found);
            name = error == 0 && found is not null ? Marshal.PtrToStringUTF8((nint)found->Name) : null;
            return error;
        }) ? name : null;
    }

    /// <summary>Whether somebody has a user name.</summary>
    /// <returns>Null: it cannot be looked up.</returns>
    public static bool? IsUser(string name)
    {
        bool isFound = false;
        return OperatingSystem.IsLinux() && TryLookUp((buffer, size) =>
        {
            Passwd record;
            Passwd* found;
            int error = GetUserByName(name, &record, (byte*)buffer, (nuint)size, &found);
            isFound = error == 0 && found is not null;
            return error;
        }) ? isFound : null;
    }

    /// <summary>The id of a group.</summary>
    /// <returns>Null: there is no such group, or it cannot be looked up.</returns>
    public static uint? FindGroupId(string group)
    {
        uint? id = null;
        return TryLookUp((buffer, size) =>
        {
            Group record;
            Group* found;
            int error = GetGroup(group, &record, (byte*)buffer, (nuint)size, &found);
            id = error == 0 && found is not null ? found->GroupId : null;
            return error;
        }) ? id : null;
    }

    /// <summary>Asks with memory for the record's texts, and with more of it as long as they do not fit.</summary>
    /// <param name="ask">Given the memory and its length in bytes: what libc returned. It keeps nothing of the memory.</param>
    /// <returns>False: it cannot be looked up.</returns>
    private static bool TryLookUp(Func<nint, int, int> ask)
    {
        for (int size = FirstBuffer; size <= LargestBuffer;)
        {
            byte[] buffer = new byte[size];
            fixed (byte* memory = buffer)
            {
                switch (ask((nint)memory, size))
                {
                    case 0:
                        return true;
                    case EINTR:
                        continue;
                    case ERANGE:
                        size *= 2;
                        continue;
                    default:
                        return false;
                }
            }
        }

        return false;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int GetUser(uint userId, Passwd* record, byte* buffer, nuint length, Passwd** found);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetUserByName(string name, Passwd* record, byte* buffer, nuint length, Passwd** found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetGroup(string name, Group* record, byte* buffer, nuint length, Group** found);

    /* <pwd.h>, glibc and musl alike:
         struct passwd { char *pw_name, *pw_passwd; uid_t pw_uid; gid_t pw_gid; char *pw_gecos, *pw_dir, *pw_shell; } */
    private struct Passwd
    {
#pragma warning disable CS0649 // Written by libc.
        public byte* Name;
        public byte* Password;
        public uint UserId;
        public uint GroupId;
        public byte* Gecos;
        public byte* Directory;
        public byte* Shell;
    }

    /* <grp.h>: struct group { char *gr_name, *gr_passwd; gid_t gr_gid; char **gr_mem; } */
    private struct Group
    {
        public byte* Name;
        public byte* Password;
        public uint GroupId;
        public byte** Members;
#pragma warning restore CS0649
    }
}
