import type { AdviceTable } from './advice-places.ts'

/** What happened and what to do, in English. */
export const ADVICE_EN: AdviceTable = {
  unknown: {
    happened: 'The run failed for a reason that has no advice here.',
    remedy: 'Read the message below and the log. When you have mended the cause, run it again; what was stored already is used again.',
  },
  'storage.not-found': {
    happened: 'The storage lacks a file that belongs to the repository.',
    remedy:
      'Have the repository checked. If the file was removed by hand or by another program, bring it back from a copy of the ' +
      'storage; otherwise repair the index and the snapshots from the command line.',
  },
  'storage.range': {
    happened: 'A file of the repository is shorter than it was when it was written.',
    remedy: 'Have the repository checked with all data read. The check names what is affected and what repairs it. Look after the disk.',
  },
  'storage.denied': {
    happened: 'The storage refused the credentials, or what they wanted to do.',
    remedy: 'Check user name, key and rights at the storage. If they were changed there, enter the new ones in the repository.',
  },
  'storage.read-only': {
    happened: 'The repository was to be changed but is opened for reading only.',
    remedy: 'Give the server write access to the storage, then run it again.',
  },
  'storage.append-only': {
    happened: 'The storage takes new files but lets nobody remove any.',
    remedy: 'Backups go on. For pruning, give the repository credentials that may remove files, or prune from a machine that has them.',
  },
  'storage.full': {
    happened: 'The storage has no room left.',
    remedy:
      'Make room or raise the quota of the storage, then run it again: what was stored is used again. Maintenance frees what ' +
      'retention no longer keeps, but needs a little room itself.',
  },
  'storage.unavailable': {
    happened: 'The storage could not be reached, though it was tried again and again.',
    remedy: 'Check the network, the address and whether the storage server runs. Then run it again, or wait for the next time.',
  },
  'storage.failed': {
    happened: 'The storage failed in a way that may pass.',
    remedy: 'Run it again. If it stays so, the message below and the log of the storage server say why.',
  },
  'storage.location': {
    happened: 'The location of the repository cannot be understood.',
    remedy:
      'Add the repository anew with a location like /srv/backups, s3:https://host/bucket, sftp:user@host:/folder or rest:https://host/.',
  },
  'storage.host-key': {
    happened: 'The SSH server shows a host key that is not known, or not the one that was known.',
    remedy:
      'Compare the key with the one that the administrator of that server gives you, and enter it as known host in the ' +
      'repository. If nobody can say why it changed, do not connect: somebody may be in between.',
  },
  'storage.closed': {
    happened: 'The program went on after it had closed the storage.',
    remedy: 'This is a fault of Holdfast. Run it again, and please report it with the log.',
  },
  'storage.contract': {
    happened: 'The storage breaks a promise that a repository needs: what was written cannot be relied on.',
    remedy: 'Move the repository to another storage. `holdfast storage verify` shows which promise is broken.',
  },
  'repository.missing': {
    happened: 'There is no repository at that location.',
    remedy: 'Check whether the disk is mounted and the location is right. If the repository was removed, add a new one.',
  },
  'repository.exists': {
    happened: 'There is a repository at that location already.',
    remedy: 'Adopt the one that is there, with its password, or choose another location.',
  },
  'repository.password': {
    happened: 'The password does not open the repository.',
    remedy:
      'Somebody has changed its keys, or another repository lies at its place. Remove it from the list and adopt it with its ' +
      'present password; the recovery kit has the one that the server knew.',
  },
  'repository.locked': {
    happened: 'Another process has the repository locked.',
    remedy:
      'Wait until it is done, then run it again; the message names machine and process. If that process is dead, `holdfast ' +
      'unlock` removes its lock.',
  },
  'repository.lock-lost': {
    happened: 'The lock of this run was removed, or could not be renewed in time. The run stopped so that it got in nobody’s way.',
    remedy:
      'Nothing that was stored is damaged. See that the machine does not sleep while it works and that the storage can be ' +
      'reached, then run it again.',
  },
  'repository.version': {
    happened: 'The repository has a format version that does not fit.',
    remedy: '`holdfast migrate` raises version 1 to 2. A newer one needs a newer Holdfast.',
  },
  'repository.too-large': {
    happened: 'The repository claims more than the process may hold in memory.',
    remedy: 'If it really is that large, give the machine more memory. If not, have the repository checked: a file lies about its size.',
  },
  'repository.damaged': {
    happened: 'The check found damage in the repository.',
    remedy:
      'The message below says how much and which commands repair it; everything that is sound is kept. Have all data read to ' +
      'see the whole extent, back up the same folders again, and find out why: test disk and memory.',
  },
  'data.damaged': {
    happened: 'Stored data differ from what was written.',
    remedy:
      'Have the repository checked with all data read, then repair it as the check says. Everything sound is kept. Test the ' +
      'disk and the memory.',
  },
  'data.malformed': {
    happened: 'A stored file is authentic but does not have the form that it should.',
    remedy: 'Have the repository checked. If a newer program wrote the file, use that one; otherwise please report it.',
  },
  'data.missing': {
    happened: 'The repository lacks data that it refers to.',
    remedy:
      'Back up the same folders again, which stores what can still be read, and have the repository checked. Repair index and ' +
      'snapshots as the check says.',
  },
  'snapshot.not-found': {
    happened: 'The snapshot is not there any more.',
    remedy: 'It may have been forgotten by retention or by hand. Choose another one from the snapshots of the client.',
  },
  'snapshot.ambiguous': {
    happened: 'The short id fits more than one snapshot.',
    remedy: 'Choose the snapshot from the list of the client.',
  },
  'path.not-found': {
    happened: 'The snapshot does not hold the path that was asked for.',
    remedy: 'Browse the snapshot and choose what is there. Paths are written as they were when the backup was made.',
  },
  'source.unreadable': {
    happened: 'A file or folder could not be read.',
    remedy: 'Everything else has been saved. Give the user that the agent runs as the right to read it, or exclude it in the plan.',
  },
  'source.missing': {
    happened: 'Nothing of what was to be backed up exists on the machine.',
    remedy: 'Check the folders of the plan for typing errors, and whether the disk that should be there is mounted.',
  },
  'source.command': {
    happened: 'The command whose output was to be backed up failed. No snapshot was made, because its output may have been cut short.',
    remedy: 'Run the command by itself on the machine; the log has what it said.',
  },
  'target.unsafe': {
    happened: 'A name in the snapshot would have led out of the folder to restore to. Nothing was written there.',
    remedy: 'The snapshot was made by a broken or hostile program. Restore without the path that the message names.',
  },
  'target.failed': {
    happened: 'Something could not be written on the machine.',
    remedy:
      'The message says why: rights, room, or a file system that cannot hold it. Mend that and restore to the same folder ' +
      'again; only what differs is written.',
  },
  'input.invalid': {
    happened: 'A setting of the run has a value that does not fit.',
    remedy: 'The message says what would fit. Correct it in the plan.',
  },
  'operation.cancelled': {
    happened: 'The run was cancelled.',
    remedy: 'The repository is sound. Run it again when you like; what was stored is used again.',
  },
  'request.invalid': {
    happened: 'The server could not make sense of what the agent sent.',
    remedy: 'Bring agent and server to the same version. If they are, please report it with the log.',
  },
  'request.too-large': {
    happened: 'The agent sent more at once than the server takes.',
    remedy:
      'If there is a proxy before the server, raise its limit of the size of requests. Otherwise bring agent and server to the ' +
      'same version.',
  },
  'request.too-many': {
    happened: 'The server had too much to do and refused the agent for a while.',
    remedy: 'Run it again later, and let plans begin at different times.',
  },
  'request.conflict': {
    happened: 'Something else was in the way at that moment.',
    remedy: 'The message says what. Wait for it to end, then run it again.',
  },
  'request.foreign-origin': {
    happened: 'The server took the request for one of another site.',
    remedy: 'Behind a proxy, set HOLDFAST_PUBLIC_URL to the address that is used from outside.',
  },
  'auth.required': {
    happened: 'The server does not know who asked.',
    remedy: 'Make a new enrolment code on the client’s page and enrol the agent again.',
  },
  'auth.failed': {
    happened: 'The server refused the token of the agent.',
    remedy: 'Make a new enrolment code on the client’s page and enrol the agent again.',
  },
  'auth.second-factor': {
    happened: 'The account by which the agent signs in wants a second factor.',
    remedy: 'Enrol the agent with a code from the client’s page instead of a password.',
  },
  'auth.locked': {
    happened: 'The account by which the agent signs in is locked after too many failed attempts.',
    remedy: 'Wait a while, then enrol the agent with a code from the client’s page instead of a password.',
  },
  'auth.forbidden': {
    happened: 'The server does not let this client do what it wanted.',
    remedy: 'See that the client is not disabled and may use this repository; an administrator can change both.',
  },
  'not-found': {
    happened: 'Something that the run needs is not on the server any more.',
    remedy: 'The message says what. See that client, plan and repository are still there.',
  },
  'quota.exceeded': {
    happened: 'The client has used up the room that it was given.',
    remedy: 'Have an administrator raise its quota, or forget snapshots that are not needed and run the maintenance.',
  },
  'server.unavailable': {
    happened: 'Something that the server needs could not be reached.',
    remedy: 'Run it again later. The log of the server says what was missing: the database, the storage or another server.',
  },
  'client.disabled': {
    happened: 'The client, or the user whom it belongs to, was disabled.',
    remedy: 'Have an administrator enable the user, or enable the client in its settings; its plans then run at their next time.',
  },
  'client.not-connected': {
    happened: 'The agent of the client is not connected, or did not answer in time.',
    remedy: 'See that the machine is on and reaches the server; the client’s page says when the agent was last heard of.',
  },
  'client.refused': {
    happened: 'The owner of the machine does not let its agent do this.',
    remedy: 'Have the owner allow it in the policy of the machine. The server cannot overrule this.',
  },
  'client.failed': {
    happened: 'The agent tried, and could not do it.',
    remedy: 'Read the message below; it is that of the machine. Mend the cause there, then try again.',
  },
  'settings.invalid': {
    happened: 'A setting has a value that does not fit.',
    remedy: 'Correct the setting that the message names, on the machine that it comes from, and start the program there again.',
  },
  'settings.missing': {
    happened: 'The agent lacks a setting that it cannot do without.',
    remedy: 'Set what the message names on the machine, or enrol the agent with a code from the client’s page.',
  },
  'secrets.sealed': {
    happened: 'The server cannot open a secret that it has stored: its master key is not the one that sealed it.',
    remedy:
      'Give the server the master key that it was set up with. If it is lost, enter the repository’s secrets anew: the ' +
      'recovery kit has them.',
  },
  'database.schema': {
    happened: 'The database belongs to another version of Holdfast.',
    remedy: 'Bring all server processes to the same version.',
  },
  'state.locked': {
    happened: 'Two agents work on the machine with the same state folder.',
    remedy: 'Stop one of them, or give it another folder with `--state`.',
  },
  'state.invalid': {
    happened: 'The state folder of the agent cannot be used.',
    remedy: 'Correct owner and mode of the folder that the message names; only the agent’s user may write there.',
  },
  'policy.invalid': {
    happened: 'The policy on the machine cannot be read, so the agent does nothing that the server asks for.',
    remedy: 'The owner of the machine corrects the policy file that the message names.',
  },
  'policy.forbidden': {
    happened: 'The policy on the machine forbids what was asked for.',
    remedy:
      'The message says what was refused. A command stands in the plan or among the commands of the client: take it out there, or ' +
      'have the owner of the machine start its agent with HOLDFAST_ALLOW_COMMANDS=true. Folders and restores are allowed in the ' +
      'policy file of the machine, and all restores with HOLDFAST_ALLOW_RESTORES=true. The server cannot overrule this.',
  },
  'link.unreachable': {
    happened: 'The agent could not reach the server for too long.',
    remedy: 'Check network and address of the server. The agent tries again by itself; unfinished uploads go on where they stopped.',
  },
  'link.unauthorised': {
    happened: 'The server does not know the token of the agent.',
    remedy: 'Make a new enrolment code on the client’s page and enrol the agent again.',
  },
  'link.refused': {
    happened: 'The server refused what the agent asked for.',
    remedy: 'The message is the server’s and says why.',
  },
  'link.disabled': {
    happened: 'The server lets the agent do nothing for now: the client, or its user, is disabled.',
    remedy: 'Have an administrator enable the user, or enable the client in its settings. The agent goes on by itself.',
  },
  'link.outdated': {
    happened: 'Agent and server are of versions that do not understand each other.',
    remedy: 'Bring both to the same version; the client’s page shows that of the agent.',
  },
  'page.failed': {
    happened: 'The agent could not serve its own page on the machine.',
    remedy: 'Choose another port with HOLDFAST_AGENT_PAGE_PORT, or do without the page with CLIENT_UI_ENABLED=false.',
  },
  'run.command': {
    happened: 'A command before or after the backup failed.',
    remedy: 'The log has its output. Mend the command where it stands, in the plan or among the commands of the client, then run it again.',
  },
  'run.timeout': {
    happened: 'The run took longer than its plan allows.',
    remedy: 'Raise the time limit of the plan, or back up less at once. What was stored already is used again.',
  },
  'run.over-quota': {
    happened: 'The backup would take up more than the client may have on the server.',
    remedy:
      'Exclude something from the plan, delete snapshots that nobody needs, or ask an administrator for a larger quota; then run it again.',
  },
  'run.interrupted': {
    happened: 'The agent was stopped before the run had ended: the machine was shut down, say.',
    remedy: 'Nothing: a backup is tried again by itself, and goes on with what was stored already.',
  },
  'run.lost': {
    happened: 'Nothing was heard of the machine that carried the run out.',
    remedy:
      'A backup is tried again by itself, three times at most. See that the machine is on and reaches the server; it may have ' +
      'gone to sleep.',
  },
  'run.incomplete': {
    happened: 'Some of what was to be restored could not be.',
    remedy: 'The log names each of them. When the cause is mended, restore to the same folder again; only what is missing is written.',
  },
  'run.unsupported': {
    happened: 'The agent cannot carry out runs of this kind.',
    remedy: 'Bring the agent to the version of the server.',
  },
  'run.cancelled': {
    happened: 'The run was cancelled.',
    remedy: 'The repository is sound. Run it again when you like; what was stored is used again.',
  },
  'run.failed': {
    happened: 'The work ended without success.',
    remedy: 'Read the message below and the log, mend the cause, then run it again.',
  },
  'run.impossible': {
    happened: 'The run could not begin: something that it needs is gone or disabled.',
    remedy: 'The message says what. Check client, plan and repository.',
  },
  'run.missed': {
    happened: 'Nobody took the run in time: the machine was probably off. Its plan makes nothing up for what was missed.',
    remedy: 'Back up now from the plan. To have missed runs made up for, turn on catching up in the plan.',
  },
  internal: {
    happened: 'Something failed in the server that it has no name for.',
    remedy: 'The log of the server has the details. Run it again; if it stays so, please report it.',
  },
}
