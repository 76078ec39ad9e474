import {
  type Icon,
  IconBell,
  IconCalendarTime,
  IconDatabase,
  IconDeviceDesktop,
  IconHistory,
  IconInfoCircle,
  IconLayoutDashboard,
  IconListCheck,
  IconSettings,
  IconStack2,
  IconUsers,
} from '@tabler/icons-react'
import type { appMessages } from './messages.ts'

type Label = keyof (typeof appMessages)['en']

/** One page of the navigation. */
export interface Place {
  readonly to: string
  readonly label: Label & ('overview' | 'clients' | 'plans' | 'runs' | 'snapshots' | 'repositories' | AdministrationLabel)
  readonly Icon: Icon
  readonly isForAdmins?: boolean
}

type AdministrationLabel = 'users' | 'notifications' | 'audit' | 'settings' | 'about'

/** Pages under one heading. */
export interface PlaceGroup {
  readonly group?: 'protection' | 'storage' | 'administration'
  readonly places: readonly Place[]
}

/** The navigation. Databases, mirrors and pulled hosts get their places under `protection` when the server can do them. */
export const PLACES: readonly PlaceGroup[] = [
  { places: [{ to: '/', label: 'overview', Icon: IconLayoutDashboard }] },
  {
    group: 'protection',
    places: [
      { to: '/clients', label: 'clients', Icon: IconDeviceDesktop },
      { to: '/plans', label: 'plans', Icon: IconCalendarTime },
      { to: '/runs', label: 'runs', Icon: IconListCheck },
    ],
  },
  {
    group: 'storage',
    places: [
      { to: '/snapshots', label: 'snapshots', Icon: IconStack2 },
      { to: '/repositories', label: 'repositories', Icon: IconDatabase },
    ],
  },
  {
    group: 'administration',
    places: [
      { to: '/administration/users', label: 'users', Icon: IconUsers, isForAdmins: true },
      { to: '/administration/notifications', label: 'notifications', Icon: IconBell },
      { to: '/administration/audit', label: 'audit', Icon: IconHistory, isForAdmins: true },
      { to: '/administration/settings', label: 'settings', Icon: IconSettings, isForAdmins: true },
      { to: '/administration/about', label: 'about', Icon: IconInfoCircle },
    ],
  },
]
